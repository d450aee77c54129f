import { createHash } from 'node:crypto';
import { basename, relative } from 'node:path';
import { type Compression, type CompressionSettings, compressionAt } from '../../data/compression-schedule.js';
import type { LocatedDocument } from '../../data/documents.js';
import { drawLayout, LAYOUTS, type LayoutName, type SizeRatioState, sizeRatio } from '../../data/mixing-modes.js';
import type { DataOptions } from '../../data/options.js';
import { type LaidOutDocument, layOut, type SymbolLayoutOptions } from '../../data/symbol-layout.js';
import type { Compressor } from '../../plugins/contracts.js';
import { Random } from '../../support/random/index.js';

/** Which document this is, on every machine that holds the same data. */
export interface DocumentIdentity {
  /** File, relative to the folder that was read. */
  source: string;
  /** Position among the documents of that file, from 0. */
  index: number;
  /** First 16 hexadecimal digits of the SHA-256 of the text. */
  hash: string;
  /** Bytes of UTF-8 text. */
  bytes: number;
}

/** A document as the model sees it. */
export interface ShownDocument extends LaidOutDocument {
  identity: DocumentIdentity;
  layout: LayoutName;
}

/** How documents are shown to the model, and all that this depends on. */
export interface RepresentationSettings {
  compression: Compression;
  rateUnit: DataOptions['rateUnit'];
  /** Only asked where a layout has a compressed block. */
  compressor: Pick<Compressor, 'encode' | 'field'>;
  symbols: SymbolLayoutOptions;
  /** Seed of the layout that is drawn for each document. */
  seed: number;
}

/**
 * Raw bytes as training shows them (between sentinels, unless it has none), or the mixture of the optimizer step that
 * a checkpoint was written after (behaviour §9 step 3).
 */
export function evaluatedCompression(settings: CompressionSettings, step: number, rawOnly: boolean): Compression {
  const trained = compressionAt(settings, Math.max(0, step - 1));
  return rawOnly ? { mode: trained.mode === 'vanilla' ? 'vanilla' : 'sentinel', rate: 0 } : trained;
}

/**
 * Draws a layout for every document and lays it out. Every document takes as many of the draws, so that its own depends
 * on the seed and its position alone, and models which share a mixture are shown the same.
 *
 * @param root folder or file that the documents were read from
 * @throws CompressorError for a document that the compressor cannot represent
 */
export async function* showDocuments(
  documents: AsyncIterable<LocatedDocument>,
  root: string,
  { compression, rateUnit, compressor, symbols, seed }: RepresentationSettings,
): AsyncGenerator<ShownDocument> {
  const measured: SizeRatioState = { bytes: 0, symbols: 0 };
  const layouts = Random.fromSeed(seed, 0);
  const fields = Random.fromSeed(seed, 1);
  let file: string | null = null;
  let index = 0;
  for await (const document of documents) {
    if (document.file !== file) index = 0;
    file = document.file;
    const layout = drawLayout(compression, rateUnit === 'symbol' ? sizeRatio(measured) : 1, layouts);
    const codes = needsCodes(layout) ? await codesOf(document, compressor, fields) : null;
    if (codes !== null) {
      measured.bytes += document.bytes.length;
      measured.symbols += codes.length;
    }
    yield {
      ...layOut(LAYOUTS[layout], document.bytes, codes, symbols),
      layout,
      identity: {
        source: relative(root, file) || basename(file),
        index: index++,
        hash: createHash('sha256').update(document.bytes).digest('hex').slice(0, 16),
        bytes: document.bytes.length,
      },
    };
  }
}

function needsCodes(layout: LayoutName): boolean {
  return LAYOUTS[layout].documents.some((blocks) => blocks.some((block) => block === 'compressed'));
}

/** Precomputed codes where the record has them, one drawn of several; else those of the compressor. */
async function codesOf(
  { bytes, codes }: LocatedDocument,
  compressor: RepresentationSettings['compressor'],
  random: Random,
): Promise<Uint32Array> {
  const stored = [...codes.values()];
  if (stored.length === 0) return (await compressor.encode(bytes)).symbols;
  return compressor.field.read(stored[stored.length > 1 ? random.integer(stored.length) : 0]!).symbols;
}
