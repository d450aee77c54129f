/** Ranks and places are one number, rank first, so that comparing two entries is comparing two numbers. */
const PLACES = 2 ** 32;
/** Children of an entry: four lie in one or two cache lines. */
const WAYS = 4;

/** A priority queue of pairs to merge: the lowest rank first, and of equal ones the leftmost place. A heap of four ways. */
export class MergeQueue {
  /** What `pop` took out last. */
  rank = 0;
  place = 0;
  private entries = new Float64Array(256);
  private size = 0;

  /** @param rank 0 … 2²⁰ @param place 0 … 2³² − 1 */
  push(rank: number, place: number): void {
    if (this.size === this.entries.length) {
      const larger = new Float64Array(2 * this.size);
      larger.set(this.entries);
      this.entries = larger;
    }
    const { entries } = this;
    const entry = rank * PLACES + place;
    let at = this.size++;
    while (at > 0) {
      const parent = Math.floor((at - 1) / WAYS);
      if (entries[parent]! <= entry) break;
      entries[at] = entries[parent]!;
      at = parent;
    }
    entries[at] = entry;
  }

  /** Takes the first entry out, into `rank` and `place`; false if there is none. */
  pop(): boolean {
    if (this.size === 0) return false;
    const { entries } = this;
    const first = entries[0]!;
    this.rank = Math.floor(first / PLACES);
    this.place = first - this.rank * PLACES;
    const entry = entries[--this.size]!;
    const { size } = this;
    let at = 0;
    for (;;) {
      let child = WAYS * at + 1;
      if (child >= size) break;
      const end = Math.min(child + WAYS, size);
      for (let other = child + 1; other < end; other++) if (entries[other]! < entries[child]!) child = other;
      if (entries[child]! >= entry) break;
      entries[at] = entries[child]!;
      at = child;
    }
    entries[at] = entry;
    return true;
  }
}
