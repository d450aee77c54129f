/** A text both as a string, for regular expressions, and as its UTF-16 code units, which are faster to walk over. */
export interface Source {
  readonly text: string;
  /** As many as the text has, or more: what lies behind its end means nothing. */
  readonly units: Uint16Array;
}

/** Buffers of up to this many units are used again for the next text. */
const KEPT_UNITS = 1 << 20;

/** Makes sources, one at a time: the next one takes over the memory of the one before. */
export class SourceBuffer {
  private bytes = Buffer.allocUnsafeSlow(1 << 12);
  private units = unitsOf(this.bytes);

  read(text: string): Source {
    const { length } = text;
    if (length > KEPT_UNITS) {
      const bytes = Buffer.allocUnsafeSlow(length * 2);
      bytes.write(text, 'utf16le');
      return { text, units: unitsOf(bytes) };
    }
    if (length > this.units.length) {
      this.bytes = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(length)) * 2);
      this.units = unitsOf(this.bytes);
    }
    this.bytes.write(text, 'utf16le');
    return { text, units: this.units };
  }
}

/** Node runs on little-endian machines only, so the bytes of UTF-16LE are the units. */
function unitsOf(bytes: Buffer): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1);
}
