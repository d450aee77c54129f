import { CompressorError } from '../../support/errors.js';

/** Numbers below 2^42 take at most six bytes. */
const LONGEST = 6;

/** A whole number below 2^42 in LEB128: seven bits a byte, low ones first, the high bit set but in the last. */
export function writeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.of(...bytes, rest);
}

/** The number at a place, and where it ends. @throws CompressorError if there is none */
export function readVarint(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  for (let i = 0, unit = 1; i < LONGEST && at + i < bytes.length; i++, unit *= 128) {
    const byte = bytes[at + i]!;
    value += (byte & 127) * unit;
    if (byte < 128) return { value, next: at + i + 1 };
  }
  throw new CompressorError('a number is missing or too long');
}
