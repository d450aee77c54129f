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

/** Working memory for more symbols than these is given back after use. */
const KEPT_SYMBOLS = 1 << 20;

export class SymbolMerger {
  private readonly ranks = new Int32Array(SCANNED_LENGTH);
  private readonly results = new Int32Array(SCANNED_LENGTH);
  private links: Links | undefined;

  constructor(private readonly table: MergeTable) {}

  /**
   * Merges the first `length` symbols in place and returns how many are left. Negative symbols stay as they are.
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
    if (this.links === undefined || this.links.bounds.length < length) this.links = linksFor(length);
    const { bounds, queue } = this.links;
    queue.clear();
    for (let i = 0; i < length; i++) {
      bounds[i] = i + 1;
      const slot = i + 1 < length ? table.find(symbols[i]!, symbols[i + 1]!) : -1;
      if (slot >= 0) queue.push(table.rankAt(slot) * POSITIONS + i);
    }
    while (!queue.isEmpty) {
      const entry = queue.pop();
      const rank = Math.floor(entry / POSITIONS);
      const at = entry - rank * POSITIONS;
      const right = bounds[at]!;
      // An entry is of the past if one of its symbols has merged since: the first is gone, or the pair is another.
      if (right < 0 || right === length) continue;
      const slot = table.find(symbols[at]!, symbols[right]!);
      if (slot < 0 || table.rankAt(slot) !== rank) continue;
      symbols[at] = table.resultAt(slot);
      const after = bounds[right]!;
      bounds[right] = ~at;
      bounds[after - 1] = ~at;
      bounds[at] = after;
      if (after < length) {
        const following = table.find(symbols[at]!, symbols[after]!);
        if (following >= 0) queue.push(table.rankAt(following) * POSITIONS + at);
      }
      if (at > 0) {
        const last = bounds[at - 1]!;
        const before = last < 0 ? ~last : at - 1;
        const preceding = table.find(symbols[before]!, symbols[at]!);
        if (preceding >= 0) queue.push(table.rankAt(preceding) * POSITIONS + before);
      }
    }
    let remaining = 0;
    for (let i = 0; i < length; i = bounds[i]!) symbols[remaining++] = symbols[i]!;
    if (length > KEPT_SYMBOLS) this.links = undefined;
    return remaining;
  }
}

/** The symbols that are left, each over the positions of what it was merged from, and the merges that are possible. */
interface Links {
  /**
   * At the first position of a symbol the first of the next one; at its last position, if that is another, the
   * complement of its first. What lies between them is negative.
   */
  bounds: Int32Array;
  queue: MergeQueue;
}

/** With some room to spare, so that words of about the same length need no new ones; very long ones come seldom. */
function linksFor(length: number): Links {
  const capacity = length > KEPT_SYMBOLS ? length : 2 ** Math.ceil(Math.log2(length));
  return { bounds: new Int32Array(capacity), queue: new MergeQueue(capacity) };
}
