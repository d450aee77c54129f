import type { IdBuffer } from './id-buffer.js';
import type { Source } from './splitting/source.js';

/** Turns one piece of a text, as a splitter gives it, into ids. */
export interface WordModel {
  /** Appends the ids of `source` from `start` to `end`. @throws TokenizerError for characters that have none */
  append(source: Source, start: number, end: number, out: IdBuffer): void;
}
