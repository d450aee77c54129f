import { TokenizerError } from '../../support/errors.js';

/** How a field is stored (Protocol Buffers, encoding guide). Groups (3 and 4) are of no use here and refused. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/**
 * A cursor over the fields of one Protocol Buffers message. `next` moves to a field; then one of the value methods may
 * be called for it, and what is not asked for is skipped. No read leaves the message: a length that does is an error
 * with its offset in the file.
 *
 * @throws TokenizerError from every method, for truncated or malformed input
 */
export class ProtobufReader {
  /** The number of the field under the cursor. */
  field = 0;
  private wireType = -1;
  private pending = false;
  private position: number;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly file: string,
    start = 0,
    private readonly end = bytes.length,
  ) {
    this.position = start;
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.pending) this.skip();
    if (this.position === this.end) return false;
    const key = this.readVarint();
    this.field = Math.floor(key / 8);
    this.wireType = key % 8;
    if (this.field === 0) this.fail('a field has the number 0');
    this.pending = true;
    return true;
  }

  /** An integer, enumeration or boolean; exact below 2⁵³. */
  number(): number {
    this.take(VARINT);
    return this.readVarint();
  }

  boolean(): boolean {
    return this.number() !== 0;
  }

  float(): number {
    this.take(FIXED32);
    const at = this.advance(4);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 4).getFloat32(0, true);
  }

  /** The bytes of a field, as a view of the file. */
  data(): Uint8Array {
    this.take(LENGTH_DELIMITED);
    const length = this.readVarint();
    const at = this.advance(length);
    return this.bytes.subarray(at, at + length);
  }

  text(): string {
    const at = this.position;
    const data = this.data();
    try {
      return strictUtf8.decode(data);
    } catch (cause) {
      return this.fail(`field ${this.field} is not valid UTF-8`, at, cause);
    }
  }

  message(): ProtobufReader {
    this.take(LENGTH_DELIMITED);
    const length = this.readVarint();
    const at = this.advance(length);
    return new ProtobufReader(this.bytes, this.file, at, at + length);
  }

  private skip(): void {
    this.pending = false;
    if (this.wireType === VARINT) this.readVarint();
    else if (this.wireType === FIXED64) this.advance(8);
    else if (this.wireType === FIXED32) this.advance(4);
    else if (this.wireType === LENGTH_DELIMITED) this.advance(this.readVarint());
    else this.fail(`field ${this.field} has the unknown wire type ${this.wireType}`);
  }

  private take(wireType: number): void {
    if (this.wireType !== wireType) {
      this.fail(`field ${this.field} has wire type ${this.wireType} where ${wireType} is expected`);
    }
    this.pending = false;
  }

  /** Passes over `length` bytes and returns where they begin. */
  private advance(length: number): number {
    const at = this.position;
    if (length > this.end - at) {
      this.fail(`field ${this.field} needs ${length} bytes, and ${this.end - at} are left`);
    }
    this.position = at + length;
    return at;
  }

  private readVarint(): number {
    let value = 0;
    let scale = 1;
    const start = this.position;
    // Ten groups of seven bits hold the longest integer, a negative 64-bit one.
    for (let group = 0; group < 10; group++) {
      if (this.position === this.end) this.fail('an integer is cut off', start);
      const byte = this.bytes[this.position++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    return this.fail('an integer is longer than 64 bits', start);
  }

  private fail(what: string, at = this.position, cause?: unknown): never {
    throw new TokenizerError(`this is not a complete SentencePiece model: at byte ${at}, ${what}`, {
      file: this.file,
      hint: 'Fetch the file again; compare its size with that of the original.',
      cause,
    });
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
