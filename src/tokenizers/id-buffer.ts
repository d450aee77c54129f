/** Ids that are collected one after the other. */
export class IdBuffer {
  length = 0;
  private ids = new Uint32Array(1 << 10);

  push(id: number): void {
    if (this.length === this.ids.length) this.reserve(1);
    this.ids[this.length++] = id;
  }

  /** Appends `count` of these ids from `start` on. */
  append(ids: Int32Array, start: number, count: number): void {
    if (this.length + count > this.ids.length) this.reserve(count);
    for (let i = 0; i < count; i++) this.ids[this.length + i] = ids[start + i]!;
    this.length += count;
  }

  last(): number | undefined {
    return this.length === 0 ? undefined : this.ids[this.length - 1];
  }

  /** Takes out the id at `index` if it is this one. */
  dropIf(index: number, id: number): void {
    if (this.ids[index] !== id || index >= this.length) return;
    this.ids.copyWithin(index, index + 1, this.length);
    this.length--;
  }

  /** A copy of what was collected; the buffer is then empty, and keeps memory for texts of usual size only. */
  take(): Uint32Array {
    const taken = this.ids.slice(0, this.length);
    this.length = 0;
    if (this.ids.length > KEPT_IDS) this.ids = new Uint32Array(1 << 10);
    return taken;
  }

  private reserve(more: number): void {
    const larger = new Uint32Array(Math.max(this.ids.length * 2, this.length + more));
    larger.set(this.ids.subarray(0, this.length));
    this.ids = larger;
  }
}

const KEPT_IDS = 1 << 20;

/** One array of the ids of all parts. */
export function concatenateIds(parts: readonly Uint32Array[]): Uint32Array {
  const whole = new Uint32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
