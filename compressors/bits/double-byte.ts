import { base64Field } from '../../src/plugins/base64-field.js';
import type { Compressor, Encoded, Segment } from '../../src/plugins/contracts.js';
import { CompressorError } from '../../src/support/errors.js';

const LARGEST = 0xffff;

/** Side data of a document of odd length: how many bytes its last symbol holds. Even ones have none. */
const ONE_BYTE_IN_LAST = Uint8Array.of(1);

/**
 * A codec that joins bytes to big-endian pairs (behaviour §2.4). The last byte of an odd document is the high half of a
 * symbol whose low half is zero, and the side data says so: a final NUL of the text itself is kept.
 */
export function createDoubleByte(): Compressor {
  return {
    alphabetSize: LARGEST + 1,
    fingerprint: 'doublebyte:1',
    encode,
    decode,
    *segments(bytes): Iterable<Segment> {
      for (const [index, symbol] of encode(bytes).symbols.entries()) {
        const byteStart = 2 * index;
        yield { symbol, byteStart, byteEnd: Math.min(byteStart + 2, bytes.length) };
      }
    },
    // The codes are the bytes, regrouped: stored as bytes they are smallest, and their length says what is odd.
    field: base64Field('pc_doublebyte', decode, encode),
  };
}

function encode(bytes: Uint8Array): Encoded {
  const pairs = bytes.length >>> 1;
  const odd = bytes.length % 2 === 1;
  const symbols = new Uint32Array(odd ? pairs + 1 : pairs);
  for (let i = 0; i < pairs; i++) symbols[i] = (bytes[2 * i]! << 8) | bytes[2 * i + 1]!;
  if (!odd) return { symbols };
  symbols[pairs] = bytes[bytes.length - 1]! << 8;
  return { symbols, side: ONE_BYTE_IN_LAST.slice() };
}

function decode({ symbols, side }: Encoded): Uint8Array {
  const odd = isOdd(side);
  if (odd && symbols.length === 0)
    throw new CompressorError('doublebyte side data speaks of a last symbol; there is none');
  const bytes = new Uint8Array(2 * symbols.length);
  let seen = 0;
  for (let i = 0; i < symbols.length; i++) {
    const symbol = symbols[i]!;
    seen |= symbol;
    bytes[2 * i] = symbol >>> 8;
    bytes[2 * i + 1] = symbol;
  }
  if (seen >>> 16 !== 0) refuseOutOfRange(symbols);
  if (!odd) return bytes;
  if (bytes[bytes.length - 1] !== 0)
    throw new CompressorError(
      `doublebyte symbol ${symbols[symbols.length - 1]} at position ${symbols.length - 1} should hold one byte, but its low half is not zero`,
    );
  return bytes.subarray(0, bytes.length - 1);
}

function isOdd(side: Uint8Array | undefined): boolean {
  if (side === undefined || side.length === 0) return false;
  if (side.length === 1 && side[0] === ONE_BYTE_IN_LAST[0]) return true;
  throw new CompressorError(`doublebyte side data of ${side.length} bytes was not written by doublebyte`);
}

function refuseOutOfRange(symbols: Uint32Array): never {
  const position = symbols.findIndex((symbol) => symbol > LARGEST);
  throw new CompressorError(`doublebyte symbol ${symbols[position]} at position ${position} is above ${LARGEST}`);
}
