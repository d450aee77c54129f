import type { Compressor } from '../plugins/contracts.js';

export interface NamedCompressor {
  name: string;
  /** One line about it. */
  summary: string;
  compressor: Compressor;
}

/** What compressors make of a text. */
export interface Inspection {
  /** Length of the text. */
  bytes: number;
  /** Into how many pieces it was divided, each encoded by itself. */
  documents: number;
  excerpt: Excerpt;
  compressors: CompressorInspection[];
  /** Compressors that are left out, and why. */
  failures: InspectionFailure[];
}

/** The bytes `start` … `end` − 1 of the text. */
export interface Excerpt {
  start: number;
  end: number;
  bytes: Uint8Array;
}

export interface InspectionFailure {
  name: string;
  reason: string;
}

export interface CompressorInspection {
  name: string;
  summary: string;
  fingerprint: string;
  statistics: CodeStatistics;
  /** The excerpt as the symbols divide it; null if the compressor does not say which bytes its symbols cover. */
  cells: Cell[] | null;
  /** The first symbols of the text. */
  firstSymbols: number[];
}

/** About the codes of all the text. */
export interface CodeStatistics {
  bytes: number;
  symbols: number;
  /** Null without symbols. */
  bytesPerSymbol: number | null;
  alphabetSize: number;
  /** How many symbols of the alphabet occur. */
  distinctSymbols: number;
  /**
   * symbols · log₂(alphabetSize) / bytes: what a byte costs when all symbols have codes of one length, as a model that has
   * learnt nothing gives them. Null without bytes.
   */
  uniformBitsPerByte: number | null;
}

/** Symbols, one after the other, that have one range of bytes. */
export interface Cell {
  /** Offset in the text. A cell at an edge of the excerpt may begin before it, or end behind it. */
  byteStart: number;
  /** Equal to `byteStart` for symbols that complete no byte. */
  byteEnd: number;
  /** Position of the first symbol among all of the text, from 0. */
  symbolIndex: number;
  symbols: number[];
  /** The compressor cut the document before it, which no symbol crosses. */
  afterCut?: boolean;
}
