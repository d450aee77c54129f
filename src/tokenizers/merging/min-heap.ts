/** A binary heap of numbers in one typed array, smallest first. */
export class MinHeap {
  size = 0;
  private entries: Float64Array;

  constructor(capacity: number) {
    this.entries = new Float64Array(Math.max(16, capacity));
  }

  /** The smallest entry; there must be one. */
  get smallest(): number {
    return this.entries[0]!;
  }

  clear(): void {
    this.size = 0;
  }

  push(entry: number): void {
    if (this.size === this.entries.length) {
      const larger = new Float64Array(this.size * 2);
      larger.set(this.entries);
      this.entries = larger;
    }
    const { entries } = this;
    let index = this.size++;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (entries[parent]! <= entry) break;
      entries[index] = entries[parent]!;
      index = parent;
    }
    entries[index] = entry;
  }

  /** Takes out the smallest entry; there must be one. */
  pop(): number {
    const { entries } = this;
    const smallest = entries[0]!;
    const last = entries[--this.size]!;
    const { size } = this;
    let index = 0;
    for (let child = 1; child < size; child = 2 * index + 1) {
      if (child + 1 < size && entries[child + 1]! < entries[child]!) child++;
      if (entries[child]! >= last) break;
      entries[index] = entries[child]!;
      index = child;
    }
    entries[index] = last;
    return smallest;
  }
}
