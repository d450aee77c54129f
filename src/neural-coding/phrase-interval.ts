import type { CellRange, Interval, Intervals } from './intervals.js';
import type { WindowCoder } from './parameters.js';

/** A string whose interval and frequencies are known: what codes are made from while the model is in the loop. */
export class PhraseInterval<N extends number | bigint> {
  readonly cells: CellRange<N>;
  /** Undefined until it was looked for. */
  #owned: N | null | undefined;

  /**
   * @param text the bytes, as latin-1
   * @param sums [257], of the frequencies of the bytes below each; null where no byte may follow
   */
  constructor(
    readonly intervals: Intervals<N>,
    readonly text: string,
    readonly interval: Interval<N>,
    readonly sums: Uint32Array | null,
  ) {
    this.cells = intervals.cells(interval);
  }

  child(byte: number): Interval<N> {
    return this.intervals.within(this.interval, this.sums![byte]!, this.sums![byte + 1]!);
  }

  /** The byte in whose interval a cell lies whole; −1 if there is none. */
  byteWith(cell: N): number {
    if (this.sums === null) return -1;
    for (let byte = 0; byte < 256; byte++) {
      const { first, end } = this.intervals.cells(this.child(byte));
      if (first <= cell && cell < end) return byte;
    }
    return -1;
  }

  /** The lowest cell that lies whole in this interval and in none of a longer string's; null if all lie in such. */
  get lowestOwned(): N | null {
    if (this.#owned === undefined) this.#owned = this.#findOwned();
    return this.#owned;
  }

  #findOwned(): N | null {
    let free = this.cells.first;
    if (this.sums !== null) {
      for (let byte = 0; byte < 256; byte++) {
        const { first, end } = this.intervals.cells(this.child(byte));
        if (first >= end) continue;
        if (first > free) return free;
        free = end;
      }
    }
    return free < this.cells.end ? free : null;
  }
}

export function hasCell<N extends number | bigint>({ first, end }: CellRange<N>): boolean {
  return first < end;
}

/** The first cell of the largest dyadic interval in a range of cells, the lowest if there are two. */
export function shortestDyadic({ first, end }: CellRange<number | bigint>): bigint {
  const low = BigInt(first);
  const high = BigInt(end);
  let size = 1n << BigInt((high - low).toString(2).length - 1);
  const aligned = () => ((low + size - 1n) / size) * size;
  while (aligned() + size > high) size >>= 1n;
  return aligned();
}

/** Codes that need no table of all phrases: `dense` ones are numbers in such a table. */
export type DirectWindowCoder = Exclude<WindowCoder, 'dense'>;
