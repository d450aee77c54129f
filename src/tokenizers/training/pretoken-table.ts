const EMPTY = -1;
const FIRST_ENTRIES = 1 << 14;
/** Entries whose order their first bytes decide are compared by these bytes as one number, exact in a double. */
const KEY_BYTES = 6;

/**
 * How often each pre-token occurs: an open-addressing hash table over the bytes of all pre-tokens, which stand one after the
 * other. No object is made for a pre-token.
 */
export class PretokenTable {
  private bytes = new Uint8Array(1 << 18);
  /** Entry i is bytes[starts[i] … starts[i + 1]). */
  private starts = new Float64Array(FIRST_ENTRIES + 1);
  private hashes = new Int32Array(FIRST_ENTRIES);
  private counts = new Float64Array(FIRST_ENTRIES);
  private table = new Int32Array(FIRST_ENTRIES * 2).fill(EMPTY);
  private used = 0;

  /** Distinct pre-tokens. */
  get size(): number {
    return this.used;
  }

  /** Memory that the entries take, in bytes. */
  get memory(): number {
    return this.starts[this.used]! + this.used * (8 + 4 + 8 + 4 * 2);
  }

  /** Counts `source[from … to)`, which is not empty, `count` times. */
  add(source: Uint8Array, from: number, to: number, count: number): void {
    let hash = 0x811c_9dc5 | 0;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ source[i]!, 0x0100_0193);
    hash ^= hash >>> 15;
    const entry = this.find(source, from, to, hash);
    if (entry !== EMPTY) this.counts[entry]! += count;
    else this.append(source, from, to, hash, count);
  }

  /** In the order in which they were first seen. */
  forEach(visit: (bytes: Uint8Array, from: number, to: number, count: number) => void): void {
    for (let entry = 0; entry < this.used; entry++) {
      visit(this.bytes, this.starts[entry]!, this.starts[entry + 1]!, this.counts[entry]!);
    }
  }

  /** In the order of their bytes. */
  *sorted(): Generator<Pretoken> {
    for (const entry of this.order()) {
      const bytes = this.bytes.subarray(this.starts[entry]!, this.starts[entry + 1]!);
      yield { bytes, count: this.counts[entry]! };
    }
  }

  clear(): void {
    this.used = 0;
    this.table.fill(EMPTY);
  }

  /** The table as plain arrays, for another thread. The table is not to be used any more. */
  take(): PretokenArrays {
    const { used } = this;
    const bytes = this.bytes.slice(0, this.starts[used]!);
    return { bytes, starts: this.starts.slice(0, used + 1), counts: this.counts.slice(0, used) };
  }

  addAll({ bytes, starts, counts }: PretokenArrays): void {
    for (let entry = 0; entry < counts.length; entry++) {
      this.add(bytes, starts[entry]!, starts[entry + 1]!, counts[entry]!);
    }
  }

  private find(source: Uint8Array, from: number, to: number, hash: number): number {
    const { table, hashes, starts, bytes } = this;
    const mask = table.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = table[at]!;
      if (entry === EMPTY) return EMPTY;
      if (hashes[entry] !== hash) continue;
      const start = starts[entry]!;
      if (starts[entry + 1]! - start !== to - from) continue;
      let i = from;
      while (i < to && bytes[start + i - from] === source[i]) i++;
      if (i === to) return entry;
    }
  }

  private append(source: Uint8Array, from: number, to: number, hash: number, count: number): void {
    if (this.used === this.counts.length) this.grow();
    const start = this.starts[this.used]!;
    const end = start + to - from;
    if (end > this.bytes.length) {
      const bytes = new Uint8Array(Math.max(end, this.bytes.length * 2));
      bytes.set(this.bytes.subarray(0, start));
      this.bytes = bytes;
    }
    for (let i = from, at = start; i < to; i++, at++) this.bytes[at] = source[i]!;
    this.starts[this.used + 1] = end;
    this.hashes[this.used] = hash;
    this.counts[this.used] = count;
    this.enter(this.used++, hash);
  }

  private enter(entry: number, hash: number): void {
    const mask = this.table.length - 1;
    let at = hash & mask;
    while (this.table[at] !== EMPTY) at = (at + 1) & mask;
    this.table[at] = entry;
  }

  private grow(): void {
    const entries = this.counts.length * 2;
    this.starts = copied(this.starts, new Float64Array(entries + 1));
    this.hashes = copied(this.hashes, new Int32Array(entries));
    this.counts = copied(this.counts, new Float64Array(entries));
    this.table = new Int32Array(entries * 2).fill(EMPTY);
    for (let entry = 0; entry < this.used; entry++) this.enter(entry, this.hashes[entry]!);
  }

  private order(): Uint32Array {
    const { bytes, starts } = this;
    const keys = new Float64Array(this.used);
    for (let entry = 0; entry < this.used; entry++) {
      const [start, end] = [starts[entry]!, starts[entry + 1]!];
      let key = 0;
      for (let i = 0; i < KEY_BYTES; i++) key = key * 257 + (start + i < end ? bytes[start + i]! + 1 : 0);
      keys[entry] = key;
    }
    return Uint32Array.from(keys.keys()).sort((a, b) => {
      if (keys[a]! !== keys[b]!) return keys[a]! - keys[b]!;
      return compareBytes(bytes.subarray(starts[a]!, starts[a + 1]!), bytes.subarray(starts[b]!, starts[b + 1]!));
    });
  }
}

export interface Pretoken {
  /** Valid until the next one is asked for. */
  bytes: Uint8Array;
  count: number;
}

/** Pre-tokens, one after the other: number i is bytes[starts[i] … starts[i + 1]), counts[i] times. */
export interface PretokenArrays {
  bytes: Uint8Array<ArrayBuffer>;
  starts: Float64Array<ArrayBuffer>;
  counts: Float64Array<ArrayBuffer>;
}

/** Negative, zero or positive, as `one` comes before, is, or comes after `other`. */
export function compareBytes(one: Uint8Array, other: Uint8Array): number {
  return Buffer.compare(one, other);
}

function copied<Numbers extends Int32Array | Float64Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
