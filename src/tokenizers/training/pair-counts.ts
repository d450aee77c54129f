const EMPTY = -1;

/**
 * How often each pair of neighbouring symbols occurs: an open-addressing hash table in typed arrays. A pair is known by the
 * slot that it was given when it was first seen.
 */
export class PairCounts {
  /** First and second symbol of the pair in slot s at 2s and 2s + 1. */
  private keys = new Int32Array(2 << 14);
  private values = new Float64Array(1 << 14);
  private table = new Int32Array(1 << 15).fill(EMPTY);
  private used = 0;

  /** Slots are 0 … size − 1. */
  get size(): number {
    return this.used;
  }

  first(slot: number): number {
    return this.keys[slot * 2]!;
  }

  second(slot: number): number {
    return this.keys[slot * 2 + 1]!;
  }

  count(slot: number): number {
    return this.values[slot]!;
  }

  /** The slot of a pair, a new one with the count 0 if it has none. */
  slot(first: number, second: number): number {
    const { keys, table } = this;
    const mask = table.length - 1;
    let at = hash(first, second) & mask;
    for (let slot = table[at]!; slot !== EMPTY; slot = table[at]!) {
      if (keys[slot * 2] === first && keys[slot * 2 + 1] === second) return slot;
      at = (at + 1) & mask;
    }
    if (this.used * 2 >= table.length) return this.grow().slot(first, second);
    table[at] = this.used;
    keys[this.used * 2] = first;
    keys[this.used * 2 + 1] = second;
    return this.used++;
  }

  add(slot: number, change: number): void {
    this.values[slot]! += change;
  }

  private grow(): this {
    const keys = new Int32Array(this.keys.length * 2);
    keys.set(this.keys);
    this.keys = keys;
    const values = new Float64Array(this.values.length * 2);
    values.set(this.values);
    this.values = values;
    this.table = new Int32Array(this.table.length * 2).fill(EMPTY);
    const mask = this.table.length - 1;
    for (let slot = 0; slot < this.used; slot++) {
      let at = hash(keys[slot * 2]!, keys[slot * 2 + 1]!) & mask;
      while (this.table[at] !== EMPTY) at = (at + 1) & mask;
      this.table[at] = slot;
    }
    return this;
  }
}

function hash(first: number, second: number): number {
  const mixed = Math.imul(first, 0x9e37_79b1) ^ Math.imul(second, 0x85eb_ca6b);
  return mixed ^ (mixed >>> 15);
}
