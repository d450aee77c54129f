import { MergeQueue } from './merge-queue.js';
import { MAX_MERGES, type MergeTable } from './merge-table.js';

/**
 * Byte-pair encoding of one word: as long as any two neighbours can merge, those of the lowest rank do, the leftmost
 * first. Short words are scanned for the lowest rank again and again, which costs n² steps but no structure; longer
 * ones keep the possible merges in a queue, n log n steps, so that a word of a hundred megabytes ends too.
 */

/** Up to here scanning is faster than a queue. */
const SCANNED_LENGTH = 64;
const NO_RANK = MAX_MERGES;
/** An entry of the queue is `rank · POSITIONS + position`: ordered by rank, then from left to right, exact in a double. */
const POSITIONS = 2 ** 32;

/** The queue for more symbols than these is given back after use. */
const KEPT_SYMBOLS = 1 << 20;

export class SymbolMerger {
  private readonly ranks = new Int32Array(SCANNED_LENGTH);
  private readonly results = new Int32Array(SCANNED_LENGTH);
  private queue: MergeQueue | undefined;

  constructor(private readonly table: MergeTable) {}

  /**
   * Merges the first `length` symbols in place and returns how many are left. Negative symbols stay as they are. All are of
   * less than 29 bits.
   */
  merge(symbols: Int32Array, length: number): number {
    if (length < 2) return length;
    return length <= SCANNED_LENGTH ? this.mergeByScanning(symbols, length) : this.mergeByQueue(symbols, length);
  }

  private mergeByScanning(symbols: Int32Array, length: number): number {
    const { ranks, results } = this;
    for (let i = 0; i + 1 < length; i++) this.look(symbols, i);
    let remaining = length;
    while (remaining > 1) {
      let best = 0;
      let lowest = ranks[0]!;
      for (let i = 1; i + 1 < remaining; i++) {
        if (ranks[i]! < lowest) {
          lowest = ranks[i]!;
          best = i;
        }
      }
      if (lowest === NO_RANK) break;
      symbols[best] = results[best]!;
      remaining--;
      for (let i = best + 1; i < remaining; i++) {
        symbols[i] = symbols[i + 1]!;
        ranks[i] = ranks[i + 1]!;
        results[i] = results[i + 1]!;
      }
      if (best + 1 < remaining) this.look(symbols, best);
      if (best > 0) this.look(symbols, best - 1);
    }
    return remaining;
  }

  /** Notes what the symbols at `i` and `i + 1` become, and when. */
  private look(symbols: Int32Array, i: number): void {
    const slot = this.table.find(symbols[i]!, symbols[i + 1]!);
    this.ranks[i] = slot < 0 ? NO_RANK : this.table.rankAt(slot);
    if (slot >= 0) this.results[i] = this.table.resultAt(slot);
  }

  private mergeByQueue(symbols: Int32Array, length: number): number {
    const { table } = this;
    this.queue ??= new MergeQueue();
    const { queue } = this;
    for (let i = 0; i < length; i++) if (symbols[i]! < 0) symbols[i] = FOREIGN | ~symbols[i]!;
    for (let i = 0; i + 1 < length; i++) {
      const slot = table.find(symbols[i]!, symbols[i + 1]!);
      if (slot >= 0) queue.push(table.rankAt(slot) * POSITIONS + i);
    }
    while (queue.size > 0) {
      const entry = queue.pop();
      const rank = Math.floor(entry / POSITIONS);
      const at = entry - rank * POSITIONS;
      // An entry is of the past if one of its symbols has merged since: the first is gone, or the pair is another.
      if (symbols[at]! < 0) continue;
      const width = widthAt(symbols, at);
      const right = at + width;
      if (right === length) continue;
      const slot = table.find(symbols[at]! & ~WIDE, symbols[right]! & ~WIDE);
      if (slot < 0 || table.rankAt(slot) !== rank) continue;
      const both = width + widthAt(symbols, right);
      const result = table.resultAt(slot);
      symbols[right] = ~both;
      symbols[at] = result | WIDE;
      symbols[at + 1] = ~both;
      symbols[at + both - 1] = ~both;
      const after = at + both;
      if (after < length) {
        const following = table.find(result, symbols[after]! & ~WIDE);
        if (following >= 0) queue.push(table.rankAt(following) * POSITIONS + at);
      }
      if (at > 0) {
        const last = symbols[at - 1]!;
        const before = last < 0 ? at - ~last : at - 1;
        const preceding = table.find(symbols[before]! & ~WIDE, result);
        if (preceding >= 0) queue.push(table.rankAt(preceding) * POSITIONS + before);
      }
    }
    let remaining = 0;
    for (let i = 0, width = 0; i < length; i += width) {
      width = widthAt(symbols, i);
      const symbol = symbols[i]! & ~WIDE;
      symbols[remaining++] = (symbol & FOREIGN) === 0 ? symbol : ~(symbol & ~FOREIGN);
    }
    if (length > KEPT_SYMBOLS) this.queue = undefined;
    return remaining;
  }
}

/*
 * The queue merges in the array of symbols itself, which has a place for every symbol that there was at first. A symbol over
 * several places is marked at the first of them; at the second and at the last stands the complement of how many there are;
 * whatever lies between is negative too.
 */

const WIDE = 1 << 30;
/** Marks what was negative, and so is in no merge. */
const FOREIGN = 1 << 29;

/** How many places the symbol has that begins at `at`. */
function widthAt(symbols: Int32Array, at: number): number {
  return (symbols[at]! & WIDE) === 0 ? 1 : ~symbols[at + 1]!;
}
