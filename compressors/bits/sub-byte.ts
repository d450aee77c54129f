import { base64Field } from '../../src/plugins/base64-field.js';
import type { Compressor, Encoded, Segment } from '../../src/plugins/contracts.js';
import { CompressorError } from '../../src/support/errors.js';

type SubByteWidth = 1 | 2 | 4;

/** A codec that splits every byte into symbols of `bits` bits, most significant first (behaviour §2.4). */
export function createSubByte(name: string, bits: SubByteWidth): Compressor {
  const perByte = 8 / bits;
  const encode = (bytes: Uint8Array): Encoded => ({ symbols: split(bytes, bits) });
  const decode = ({ symbols }: Encoded): Uint8Array => join(name, symbols, bits);
  return {
    alphabetSize: 1 << bits,
    fingerprint: `${name}:1`,
    encode,
    decode,
    segments: (bytes) =>
      Array.from(split(bytes, bits), (symbol, index): Segment => {
        const byteStart = Math.floor(index / perByte);
        return { symbol, byteStart, byteEnd: byteStart + 1 };
      }),
    // The codes are the bytes, regrouped: stored as bytes they are smallest, and their length says what is odd.
    field: base64Field(`pc_${name}`, decode, encode),
  };
}

function split(bytes: Uint8Array, bits: SubByteWidth): Uint32Array {
  const mask = (1 << bits) - 1;
  const symbols = new Uint32Array((bytes.length * 8) / bits);
  let at = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    for (let shift = 8 - bits; shift >= 0; shift -= bits) symbols[at++] = (byte >> shift) & mask;
  }
  return symbols;
}

function join(name: string, symbols: Uint32Array, bits: SubByteWidth): Uint8Array {
  const perByte = 8 / bits;
  if (symbols.length % perByte !== 0)
    throw new CompressorError(`${symbols.length} symbols of ${name} end within a byte: ${perByte} make one`);
  const bytes = new Uint8Array(symbols.length / perByte);
  let seen = 0;
  let at = 0;
  for (let i = 0; i < bytes.length; i++) {
    let byte = 0;
    for (let part = 0; part < perByte; part++) {
      const symbol = symbols[at++]!;
      seen |= symbol;
      byte = (byte << bits) | symbol;
    }
    bytes[i] = byte;
  }
  // One check of all the bits that occurred keeps the loop free of branches.
  if (seen >>> bits !== 0) refuseOutOfRange(name, symbols, (1 << bits) - 1);
  return bytes;
}

function refuseOutOfRange(name: string, symbols: Uint32Array, largest: number): never {
  const position = symbols.findIndex((symbol) => symbol > largest);
  throw new CompressorError(`${name} symbol ${symbols[position]} at position ${position} is above ${largest}`);
}
