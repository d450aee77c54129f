/** Unsigned integers in groups of seven bits, the lowest first, the high bit of a byte set while more follow (LEB128). */

/** Below this, what is written can be read: doubles and the reader's sums stay exact. */
const LIMIT = 2 ** 32;

export class VarintWriter {
  private bytes = new Uint8Array(1 << 12);
  private length = 0;

  push(value: number): void {
    if (this.length + 5 > this.bytes.length) {
      const longer = new Uint8Array(this.bytes.length * 2);
      longer.set(this.bytes);
      this.bytes = longer;
    }
    let left = value;
    while (left >= 128) {
      this.bytes[this.length++] = 128 + (left % 128);
      left = Math.floor(left / 128);
    }
    this.bytes[this.length++] = left;
  }

  take(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

/** Reads what a {@link VarintWriter} wrote. */
export class VarintReader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** The next integer; undefined where none is: at the end, in the middle of one, or 2^32 or more. */
  next(): number | undefined {
    let value = 0;
    for (let scale = 1; scale < LIMIT && this.at < this.bytes.length; scale *= 128) {
      const byte = this.bytes[this.at++]!;
      value += (byte % 128) * scale;
      if (byte < 128) return value < LIMIT ? value : undefined;
    }
    return undefined;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.at;
  }

  get finished(): boolean {
    return this.at === this.bytes.length;
  }
}
