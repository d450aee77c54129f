import type { Cell, Excerpt } from './result.js';

/** Half-open: `start` … `end` − 1. */
export interface ByteRange {
  start: number;
  /** May lie behind the end of the text. */
  end: number;
}

/**
 * The part of a range of the text that lies in a document, in offsets of the document; null if there is none. An empty
 * part counts only at the end of the document, where symbols may stand that complete no byte.
 */
export function clipped({ start, end }: ByteRange, documentStart: number, length: number): ByteRange | null {
  const from = Math.max(0, start - documentStart);
  const to = Math.min(length, end - documentStart);
  if (from > to || (from === to && from !== length)) return null;
  return { start: from, end: to };
}

/** The bytes of a cell that lie in the excerpt. */
export function shownBytes({ byteStart, byteEnd }: Cell, { start, end, bytes }: Excerpt): Uint8Array {
  return bytes.subarray(Math.max(byteStart, start) - start, Math.min(byteEnd, end) - start);
}
