/**
 * How questions become runs of programs. All shapes are fixed: a row's length comes from a short list by the number of
 * its bytes alone, and its batch is always full, with padding if need be. So the arithmetic that a row gets, to the last
 * bit, does not depend on what shares its batch or on how many ask.
 */

/** Positions of one run of a program, over all rows: few enough that what a layer makes of them stays in a core's cache. */
export const POSITIONS_PER_RUN = 1024;

const SHORTEST_ROW = 8;

/** Lengths of rows up to the longest: powers of two from 8, and the longest itself. */
export function rowLengths(longest: number): number[] {
  const lengths: number[] = [];
  for (let length = SHORTEST_ROW; length < longest; length *= 2) lengths.push(length);
  return [...lengths, longest];
}

export function rowsPerRun(length: number): number {
  return Math.max(1, Math.floor(POSITIONS_PER_RUN / length));
}

/** A stretch of a document that is one row: the model reads BOS and the bytes from `start` on, and predicts each of them. */
export interface Stretch {
  document: number;
  /** First byte of the document that the model predicts in it. */
  start: number;
  /** Bytes that it predicts. */
  length: number;
  /** Of these, the first that no stretch before it predicts with more context. */
  from: number;
}

/**
 * Cuts documents into contexts that share `overlap` bytes with the one before.
 *
 *     document   [x x x x x x x x x x]    context 4, overlap 1
 *     stretches  [x x x x]                from 0
 *                      [x x x x]          from 1
 *                            [x x x x]    from 1
 */
export function* stretchesOf(lengths: Iterable<number>, context: number, overlap: number): Generator<Stretch> {
  let document = 0;
  for (const bytes of lengths) {
    for (let start = 0; start < bytes; ) {
      const length = Math.min(context, bytes - start);
      yield { document, start, length, from: start === 0 ? 0 : overlap };
      if (start + length === bytes) break;
      start += context - overlap;
    }
    document++;
  }
}

/** Consecutive items in groups of `size`; the last may have fewer. */
export function* grouped<Item>(items: Iterable<Item>, size: number): Generator<Item[]> {
  let group: Item[] = [];
  for (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
