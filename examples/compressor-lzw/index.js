import { bytesOf, segmentsOf, shapeOf } from './lzw.js';
import { packCodes, unpackCodes } from './packing.js';

/** Changes whenever the same bytes would get other codes: data and checkpoints made with the old ones are then refused. */
const VERSION = 1;

/**
 * The whole plugin. What it needs from proxy-compression arrives in `host`, so it has no dependencies.
 *
 * @param {import('proxy-compression/plugin').PluginOptions} options
 */
export default function plugin({ host }) {
  const { definePlugin, errors, z } = host;

  const options = z.strictObject({
    maxBits: z
      .int()
      .min(9)
      .max(16)
      .default(12)
      .describe('width of the longest code; the alphabet has 2^maxBits symbols'),
    whenFull: z
      .enum(['reset', 'freeze'])
      .default('reset')
      .describe('what to do with a full dictionary: begin an empty one after a symbol that says so, or keep it'),
  });

  /** @param {import('zod').infer<typeof options>} parsed */
  async function create(parsed) {
    const shape = shapeOf(parsed);

    /** @type {(what: string, place?: { field: string }) => never} */
    const refuse = (what, place) => {
      throw new errors.CompressorError(what, place);
    };

    return {
      alphabetSize: shape.alphabetSize,
      fingerprint: `lzw:${VERSION}:maxBits=${parsed.maxBits}:whenFull=${parsed.whenFull}`,

      /** @param {Uint8Array} bytes */
      encode(bytes) {
        const symbols = new Uint32Array(shape.mostCodes(bytes.length));
        let length = 0;
        for (const { symbol } of segmentsOf(bytes, shape)) symbols[length++] = symbol;
        return { symbols: symbols.slice(0, length) };
      },

      /** @param {import('proxy-compression/plugin').Encoded} encoded */
      decode: ({ symbols }) => bytesOf(symbols, shape, refuse),

      /** @param {Uint8Array} bytes */
      segments: (bytes) => segmentsOf(bytes, shape),

      field: {
        name: 'pc_lzw',
        /** @param {import('proxy-compression/plugin').Encoded} encoded */
        write: ({ symbols }) => Buffer.from(packCodes(symbols, shape, refuse)).toString('base64'),
        /** @param {string} text */
        read(text) {
          /** @type {(what: string) => never} */
          const damaged = (what) => refuse(what, { field: 'pc_lzw' });
          const packed = Buffer.from(text, 'base64');
          if (packed.toString('base64') !== text) damaged('the codes are not base64');
          return { symbols: unpackCodes(packed, shape, damaged) };
        },
      },
    };
  }

  return definePlugin({
    apiVersion: 1,
    name: 'lzw',
    compressors: [{ name: 'lzw', summary: 'LZW: one symbol for the longest string seen before', options, create }],
  });
}
