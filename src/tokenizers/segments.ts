import type { Tokenizer } from './tokenizer.js';

/** The bytes of the decoded text, from `byteStart` to `byteEnd`, that one id stands for. */
export interface TokenSegment {
  id: number;
  byteStart: number;
  byteEnd: number;
}

/**
 * Which bytes of `decode(ids)` each id covers. Where the decoder takes a blank off the beginning, the first ids cover
 * that much less.
 */
export function tokenSegments(tokenizer: Tokenizer, ids: ArrayLike<number>): TokenSegment[] {
  const decoded = tokenizer.decode(ids);
  const pieces = Array.from(ids, (id) => tokenizer.tokenBytes(id)!);
  const total = pieces.reduce((sum, { length }) => sum + length, 0);
  const surplus = total - decoded.length;
  const isCutAtStart = Buffer.concat(pieces).subarray(surplus).equals(decoded);
  const removed = isCutAtStart ? surplus : 0;
  const within = (at: number) => Math.min(Math.max(at - removed, 0), decoded.length);
  let at = 0;
  return pieces.map(({ length }, i) => {
    const byteStart = within(at);
    at += length;
    return { id: ids[i]!, byteStart, byteEnd: within(at) };
  });
}
