/** Protocol-buffer messages, written field by field. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

export class ProtobufMessage {
  private readonly parts: Uint8Array[] = [];

  /** A non-negative whole number up to 2⁵³: `int64`, `uint64`, an enumeration. */
  integer(field: number, value: number): this {
    return this.push(field, VARINT, varint(value));
  }

  double(field: number, value: number): this {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return this.push(field, FIXED64, bytes);
  }

  float(field: number, value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value);
    return this.push(field, FIXED32, bytes);
  }

  text(field: number, value: string): this {
    return this.delimited(field, Buffer.from(value));
  }

  message(field: number, value: ProtobufMessage): this {
    return this.delimited(field, value.bytes());
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.parts);
  }

  private delimited(field: number, bytes: Uint8Array): this {
    return this.push(field, LENGTH_DELIMITED, Buffer.concat([varint(bytes.byteLength), bytes]));
  }

  private push(field: number, wireType: number, content: Uint8Array): this {
    this.parts.push(varint(field * 8 + wireType), content);
    return this;
  }
}

/** Base 128, least significant digit first, with the high bit on all but the last byte. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
