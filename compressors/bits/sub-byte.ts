import { base64Field } from '../../src/plugins/base64-field.js';
import type { Compressor, Encoded, Segment } from '../../src/plugins/contracts.js';
import { CompressorError } from '../../src/support/errors.js';

type SubByteWidth = 1 | 2 | 4;

/** A codec that splits every byte into symbols of `bits` bits, most significant first (behaviour §2.4). */
export function createSubByte(name: string, bits: SubByteWidth): Compressor {
  const perByte = 8 / bits;
  const pairs = symbolPairs(bits);
  const encode = (bytes: Uint8Array): Encoded => ({ symbols: split(bytes, pairs) });
  const decode = ({ symbols }: Encoded): Uint8Array => join(name, symbols, bits);
  return {
    alphabetSize: 1 << bits,
    fingerprint: `${name}:1`,
    encode,
    decode,
    *segments(bytes): Iterable<Segment> {
      for (const [index, symbol] of split(bytes, pairs).entries()) {
        const byteStart = Math.floor(index / perByte);
        yield { symbol, byteStart, byteEnd: byteStart + 1 };
      }
    },
    // The codes are the bytes, regrouped: stored as bytes they are smallest, and their length says what is odd.
    field: base64Field(`pc_${name}`, decode, encode),
  };
}

/**
 * The symbols of every byte value, two to a float64: copying those moves two symbols at a time. They are never computed
 * with, and no pair of small words is a NaN, so their bits survive.
 */
function symbolPairs(bits: SubByteWidth): Float64Array {
  const perByte = 8 / bits;
  const symbols = new Uint32Array(256 * perByte);
  for (let index = 0; index < symbols.length; index++) {
    const byte = Math.floor(index / perByte);
    const shift = 8 - bits * ((index % perByte) + 1);
    symbols[index] = (byte >> shift) & ((1 << bits) - 1);
  }
  return new Float64Array(symbols.buffer);
}

function split(bytes: Uint8Array, pairs: Float64Array): Uint32Array {
  const pairsPerByte = pairs.length / 256;
  const output = new Float64Array(bytes.length * pairsPerByte);
  let at = 0;
  for (let i = 0; i < bytes.length; i++) {
    const from = bytes[i]! * pairsPerByte;
    for (let pair = 0; pair < pairsPerByte; pair++) output[at++] = pairs[from + pair]!;
  }
  return new Uint32Array(output.buffer);
}

function join(name: string, symbols: Uint32Array, bits: SubByteWidth): Uint8Array {
  const perByte = 8 / bits;
  if (symbols.length % perByte !== 0)
    throw new CompressorError(`${symbols.length} symbols of ${name} end within a byte: ${perByte} make one`);
  const bytes = new Uint8Array(symbols.length / perByte);
  // One check of all the bits that occurred keeps the loops free of branches.
  if (JOIN[bits](symbols, bytes) >>> bits !== 0) refuseOutOfRange(name, symbols, (1 << bits) - 1);
  return bytes;
}

/** Fills `bytes` from symbols of a width and returns the union of their bits. Written out: loops of loops take twice as long. */
const JOIN: Readonly<Record<SubByteWidth, (symbols: Uint32Array, bytes: Uint8Array) => number>> = {
  1(symbols, bytes) {
    let seen = 0;
    for (let i = 0, at = 0; i < bytes.length; i++, at += 8) {
      const [a, b, c, d] = [symbols[at]!, symbols[at + 1]!, symbols[at + 2]!, symbols[at + 3]!];
      const [e, f, g, h] = [symbols[at + 4]!, symbols[at + 5]!, symbols[at + 6]!, symbols[at + 7]!];
      seen |= a | b | c | d | e | f | g | h;
      bytes[i] = (a << 7) | (b << 6) | (c << 5) | (d << 4) | (e << 3) | (f << 2) | (g << 1) | h;
    }
    return seen;
  },
  2(symbols, bytes) {
    let seen = 0;
    for (let i = 0, at = 0; i < bytes.length; i++, at += 4) {
      const [a, b, c, d] = [symbols[at]!, symbols[at + 1]!, symbols[at + 2]!, symbols[at + 3]!];
      seen |= a | b | c | d;
      bytes[i] = (a << 6) | (b << 4) | (c << 2) | d;
    }
    return seen;
  },
  4(symbols, bytes) {
    let seen = 0;
    for (let i = 0, at = 0; i < bytes.length; i++, at += 2) {
      const [a, b] = [symbols[at]!, symbols[at + 1]!];
      seen |= a | b;
      bytes[i] = (a << 4) | b;
    }
    return seen;
  },
};

function refuseOutOfRange(name: string, symbols: Uint32Array, largest: number): never {
  const position = symbols.findIndex((symbol) => symbol > largest);
  throw new CompressorError(`${name} symbol ${symbols[position]} at position ${position} is above ${largest}`);
}
