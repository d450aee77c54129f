import { asPluginFailure } from '../../plugins/compressor-instance.js';
import type { Compressor } from '../../plugins/contracts.js';
import { symbolsFault } from '../../plugins/symbols.js';
import { CompressorError, PluginError } from '../../support/errors.js';
import { VarintReader, VarintWriter } from '../../support/varints.js';
import { LARGEST_BLOCK } from './format.js';
import { bitsPerSymbol, packSymbols, unpackSymbols } from './pack-symbols.js';

/** Turns blocks of bytes into shorter ones and back. Blocks are independent of each other. */
export interface BlockCodec {
  /** All that determines the codes. */
  readonly fingerprint: string;
  /** Bytes of a block, at most `LARGEST_BLOCK`. */
  readonly blockBytes: number;
  /** @throws CompressorError for bytes that it cannot represent */
  encode(text: Uint8Array): Promise<Uint8Array>;
  /**
   * @param textBytes length of the text that was encoded
   * @throws CompressorError for a code that `encode` never writes
   */
  decode(code: Uint8Array, textBytes: number): Promise<Uint8Array>;
}

/** Symbols of an alphabet of one take no bits: their number is bounded by this, and not by the bytes that they fill. */
const MOST_UNWRITTEN = 8 * LARGEST_BLOCK;

/**
 * Codes by any compressor: the number of symbols, the length of the side data (both LEB128), the side data, and the
 * symbols in as many bits as the alphabet needs.
 *
 * @param name of the compressor, for errors
 */
export function symbolCodec(name: string, compressor: Compressor, blockBytes: number): BlockCodec {
  const bits = bitsPerSymbol(compressor.alphabetSize);
  const attempt = async <Result>(work: () => Result | Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      throw asPluginFailure(error, `the compressor "${name}" failed`);
    }
  };
  return {
    fingerprint: compressor.fingerprint,
    blockBytes,
    async encode(text) {
      const { symbols, side = new Uint8Array(0) } = await attempt(() => compressor.encode(text));
      const fault = symbolsFault(symbols, compressor.alphabetSize);
      if (fault !== null) throw new PluginError(`the compressor "${name}" breaks its contract: ${fault}`);
      const lengths = new VarintWriter();
      lengths.push(symbols.length);
      lengths.push(side.length);
      return Buffer.concat([lengths.take(), side, packSymbols(symbols, bits)]);
    },
    async decode(code) {
      const lengths = new VarintReader(code);
      const count = lengths.next();
      const sideLength = lengths.next();
      if (count === undefined || sideLength === undefined)
        throw new CompressorError('its number of symbols or of bytes of side data is missing');
      const sideEnd = lengths.position + sideLength;
      if (sideEnd > code.length) throw new CompressorError('the side data is longer than its block');
      if (bits === 0 && count > MOST_UNWRITTEN)
        throw new CompressorError(`${count} symbols are more than any text has`);
      const side = code.slice(lengths.position, sideEnd);
      const encoded = {
        symbols: unpackSymbols(code.subarray(sideEnd), count, bits),
        ...(side.length > 0 && { side }),
      };
      const fault = symbolsFault(encoded.symbols, compressor.alphabetSize);
      if (fault !== null) throw new CompressorError(fault);
      return attempt(() => compressor.decode(encoded));
    },
  };
}
