/**
 * The merges of a BPE model as an open-addressing hash table in one typed array: which two neighbours may become one
 * symbol, how early, and which. A look-up touches one cache line and makes no object.
 */

/** Ranks lie below this, so that a rank and a position fit one double (see `merge-symbols.ts`). */
export const MAX_MERGES = 2 ** 21;

/** What one merge is: neighbours `left` and `right` become `result`; lower ranks go first. Ids are non-negative. */
export interface Merge {
  left: number;
  right: number;
  rank: number;
  result: number;
}

/** Fields of a slot. */
const LEFT = 0;
const RIGHT = 1;
const RANK = 2;
const RESULT = 3;
const SLOT_SIZE = 4;
const EMPTY = -1;

/** With half of the slots empty, one pair of sixteen passes that never merges. */
const FILTER_BITS = 8;

export class MergeTable {
  /** Of four numbers a slot; `LEFT` is `EMPTY` where nothing is stored. */
  private readonly slots: Int32Array;
  private readonly mask: number;
  /**
   * One bit for each of `FILTER_BITS` a slot has, set where the hash of a pair says so. Most pairs that are asked for never
   * merge, and most of those are known by a bit that is not set: the filter stays in a cache that the slots are too large for.
   */
  private readonly filter: Int32Array;
  private readonly filterMask: number;

  /** Where a pair is given twice, the last counts. */
  constructor(merges: readonly Merge[]) {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(4, merges.length * 2)));
    this.mask = capacity - 1;
    this.slots = new Int32Array(capacity * SLOT_SIZE).fill(EMPTY);
    this.filter = new Int32Array((capacity * FILTER_BITS) / 32);
    this.filterMask = capacity * FILTER_BITS - 1;
    for (const merge of merges) this.add(merge);
  }

  /** A handle to the merge of these neighbours, for `rankAt` and `resultAt`; -1 if they never merge. Negative ids never do. */
  find(left: number, right: number): number {
    const { slots, mask } = this;
    const hashed = hash(left, right);
    const bit = hashed & this.filterMask;
    if ((this.filter[bit >>> 5]! & (1 << (bit & 31))) === 0) return -1;
    for (let index = hashed & mask; ; index = (index + 1) & mask) {
      const slot = index * SLOT_SIZE;
      const found = slots[slot + LEFT]!;
      if (found === EMPTY) return -1;
      if (found === left && slots[slot + RIGHT] === right) return slot;
    }
  }

  rankAt(slot: number): number {
    return this.slots[slot + RANK]!;
  }

  resultAt(slot: number): number {
    return this.slots[slot + RESULT]!;
  }

  /** Calls back with every pair that merges, in no particular order. */
  forEachPair(visit: (left: number, right: number) => void): void {
    const { slots } = this;
    for (let slot = 0; slot < slots.length; slot += SLOT_SIZE) {
      if (slots[slot + LEFT] !== EMPTY) visit(slots[slot + LEFT]!, slots[slot + RIGHT]!);
    }
  }

  private add({ left, right, rank, result }: Merge): void {
    const { slots, mask } = this;
    const hashed = hash(left, right);
    const bit = hashed & this.filterMask;
    this.filter[bit >>> 5]! |= 1 << (bit & 31);
    let slot = (hashed & mask) * SLOT_SIZE;
    while (slots[slot + LEFT] !== EMPTY && !(slots[slot + LEFT] === left && slots[slot + RIGHT] === right)) {
      slot = (slot + SLOT_SIZE) % slots.length;
    }
    slots[slot + LEFT] = left;
    slots[slot + RIGHT] = right;
    slots[slot + RANK] = rank;
    slots[slot + RESULT] = result;
  }
}

function hash(left: number, right: number): number {
  const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
