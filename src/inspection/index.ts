export { DOCUMENT_BYTES, textDocuments } from '../data/text-documents.js';
export { type ByteRange, shownBytes } from './excerpt.js';
export { type Glyph, glyphsOf } from './glyphs.js';
export { inspect, reasonOf } from './inspection.js';
export type {
  Cell,
  CodeStatistics,
  CompressorInspection,
  Excerpt,
  Inspection,
  NamedCompressor,
} from './result.js';
