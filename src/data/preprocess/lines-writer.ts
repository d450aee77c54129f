import type { ExtendedRecord } from './encode-block.js';

/** Writes records as lines of JSON into memory that another thread can take over. */
export class LinesWriter {
  private lines: Buffer<ArrayBuffer>;
  private length = 0;

  /** @param memory to write into; where it does not suffice, larger is taken */
  constructor(memory: ArrayBuffer) {
    this.lines = Buffer.from(memory);
  }

  /**
   * Adds a record as it was read, with the added fields at its end: numbers, escapes and the order of fields stay.
   */
  add({ line, added }: ExtendedRecord): void {
    const length = trimmedLength(line);
    if (added.length === 0) this.put(line.subarray(0, length));
    else {
      // What ends a line that is an object is its brace.
      this.put(line.subarray(0, length - 1));
      for (const [field, value] of added) {
        this.put(`,${JSON.stringify(field)}:`);
        this.put(JSON.stringify(value));
      }
      this.put('}');
    }
    this.put('\n');
  }

  /** Everything that was added; the writer is of no use then. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.lines.subarray(0, this.length);
  }

  private put(piece: Uint8Array | string): void {
    if (typeof piece !== 'string') {
      this.reserve(piece.length);
      this.lines.set(piece, this.length);
      this.length += piece.length;
      return;
    }
    // A unit of UTF-16 takes three bytes at most: how many it does take costs as much to find out as to write.
    if (this.length + 3 * piece.length > this.lines.length) this.reserve(Buffer.byteLength(piece));
    this.length += this.lines.write(piece, this.length);
  }

  private reserve(more: number): void {
    const end = this.length + more;
    if (end <= this.lines.length) return;
    const larger = Buffer.from(new ArrayBuffer(Math.max(end, 2 * this.lines.length)));
    larger.set(this.bytes());
    this.lines = larger;
  }
}

/** Length without the white space at the end. */
function trimmedLength(line: Uint8Array): number {
  let length = line.length;
  while (length > 0 && line[length - 1]! <= 0x20) length--;
  return length;
}
