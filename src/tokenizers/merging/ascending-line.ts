/** Bits of a difference in each byte; the eighth says that more follow. */
const DIGIT = 128;
/** Bytes of the largest difference between whole numbers that a double holds exactly. */
const LONGEST = 8;

/** Whole numbers that wait in ascending order, as differences: mostly a byte each. */
export class AscendingLine {
  length = 0;
  /** The smallest; of no meaning in an empty line. */
  first = 0;
  /** What came last, and so the largest. */
  private last = 0;
  /** A ring: the differences between each number and the one before it, the least significant digit first. */
  private ring = new Uint8Array(1 << 6);
  private start = 0;
  private used = 0;

  /** Whether a number may come last. */
  takes(entry: number): boolean {
    return this.length === 0 || entry >= this.last;
  }

  push(entry: number): void {
    if (this.length === 0) this.first = entry;
    else this.write(entry - this.last);
    this.last = entry;
    this.length++;
  }

  /** Takes out the first; there must be one. */
  shift(): number {
    const { first } = this;
    if (--this.length > 0) this.first = first + this.read();
    return first;
  }

  private write(difference: number): void {
    if (this.used + LONGEST > this.ring.length) this.makeRoom();
    const { ring } = this;
    let end = this.start + this.used;
    let rest = difference;
    for (; rest >= DIGIT; rest = Math.floor(rest / DIGIT)) {
      ring[end < ring.length ? end : end - ring.length] = DIGIT + (rest % DIGIT);
      end++;
    }
    ring[end < ring.length ? end : end - ring.length] = rest;
    this.used = end + 1 - this.start;
  }

  private read(): number {
    const { ring } = this;
    let difference = 0;
    for (let unit = 1; ; unit *= DIGIT) {
      const digit = ring[this.start]!;
      this.start = this.start + 1 === ring.length ? 0 : this.start + 1;
      this.used--;
      if (digit < DIGIT) return difference + digit * unit;
      difference += (digit - DIGIT) * unit;
    }
  }

  private makeRoom(): void {
    const larger = new Uint8Array(this.ring.length * 2);
    larger.set(this.ring.subarray(this.start));
    larger.set(this.ring.subarray(0, this.start), this.ring.length - this.start);
    this.ring = larger;
    this.start = 0;
  }
}
