import { base64Field } from '../../src/plugins/base64-field.js';
import type { Compressor, Encoded, Segment } from '../../src/plugins/contracts.js';
import { CompressorError } from '../../src/support/errors.js';
import { byteConverter, type ConverterName } from '../../src/tokenizers/byte-converters.js';
import { openTokenCodec } from '../../src/tokenizers/token-codec.js';
import type { TokenBytesOptions } from './index.js';

/** Token ids written as bytes, simple or in Gray code (behaviour §2.5); as bytes, or regrouped in big-endian pairs. */
export async function createTokenBytes({ converter, symbolBits, ...options }: TokenBytesOptions): Promise<Compressor> {
  const codec = await openTokenCodec(options, 'token-bytes');
  const { bytesPerToken, toBytes, toIds } = byteConverter(converter, codec.tokenizer);
  const symbols = symbolBits === 16 ? PAIRS : BYTES;
  const encode = (bytes: Uint8Array): Encoded => symbols.fromBytes(toBytes(codec.encode(bytes)));
  return {
    alphabetSize: 2 ** symbolBits,
    fingerprint: `token-bytes:${converter}:${symbolBits}:${codec.fingerprint}`,
    encode,
    decode: (encoded) => codec.decode(toIds(symbols.toBytes(encoded))),
    // A symbol that holds part of a token covers all that the token stands for.
    segments: (bytes) => {
      const tokens = codec.segments(bytes);
      return Array.from(encode(bytes).symbols, (symbol, index): Segment => {
        const first = Math.floor((index * symbols.width) / bytesPerToken);
        const last = Math.floor((index * symbols.width + symbols.width - 1) / bytesPerToken);
        return {
          symbol,
          byteStart: tokens[first]!.byteStart,
          byteEnd: tokens[Math.min(last, tokens.length - 1)]!.byteEnd,
        };
      });
    },
    // Variants may stand side by side in one record.
    field: base64Field(fieldName(converter, symbolBits), symbols.toBytes, symbols.fromBytes),
  };
}

function fieldName(converter: ConverterName, symbolBits: TokenBytesOptions['symbolBits']): `pc_${string}` {
  return `pc_token_bytes${converter === 'simple' ? '' : `_${converter}`}${symbolBits === 8 ? '' : `_${symbolBits}`}`;
}

/** How the bytes of tokens become symbols. */
interface Grouping {
  /** Bytes of a symbol. */
  width: number;
  fromBytes(bytes: Uint8Array): Encoded;
  /** @throws CompressorError for symbols that `fromBytes` never gives */
  toBytes(encoded: Encoded): Uint8Array;
}

const BYTES: Grouping = {
  width: 1,
  fromBytes: (bytes) => ({ symbols: new Uint32Array(bytes) }),
  toBytes({ symbols }) {
    requireBelow(symbols, 256);
    return new Uint8Array(symbols);
  },
};

/** An odd last byte is the high half of its symbol; one byte of side data says so. */
const ODD = Uint8Array.of(1);

const PAIRS: Grouping = {
  width: 2,
  fromBytes(bytes) {
    const symbols = new Uint32Array(Math.ceil(bytes.length / 2));
    for (let index = 0; index < bytes.length; index++)
      symbols[index >> 1]! |= index % 2 === 0 ? bytes[index]! << 8 : bytes[index]!;
    return bytes.length % 2 === 0 ? { symbols } : { symbols, side: ODD.slice() };
  },
  toBytes({ symbols, side }) {
    requireBelow(symbols, 65_536);
    const odd = side !== undefined && side.length > 0;
    const bytes = new Uint8Array(symbols.length * 2);
    for (const [index, symbol] of symbols.entries()) {
      bytes[2 * index] = symbol >>> 8;
      bytes[2 * index + 1] = symbol;
    }
    if (!odd) return bytes;
    if (side.length !== 1 || side[0] !== ODD[0] || bytes.at(-1) !== 0)
      throw new CompressorError('the side data of token-bytes does not belong to these symbols');
    return bytes.subarray(0, -1);
  },
};

function requireBelow(symbols: Uint32Array, limit: number): void {
  const invalid = symbols.findIndex((symbol) => symbol >= limit);
  if (invalid !== -1)
    throw new CompressorError(`token-bytes symbol ${symbols[invalid]} at position ${invalid} is not below ${limit}`);
}
