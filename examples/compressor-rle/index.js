import { decodeRuns, encodeRuns } from './rle.js';

/**
 * The whole plugin: everything it needs from proxy-compression arrives in `host`, so it has no dependencies.
 *
 * @param {import('proxy-compression/plugin').PluginOptions} options
 */
export default function rle({ host }) {
  const { definePlugin, errors, z } = host;

  const options = z.strictObject({
    maxRun: z.int().min(2).max(65_536).default(256).describe('longest run that one symbol stands for'),
  });

  return definePlugin({
    apiVersion: 1,
    name: 'rle',
    compressors: [
      {
        name: 'rle',
        summary: 'run-length encoding: a byte, then a symbol that repeats it',
        options,
        async create({ maxRun }) {
          /** @type {(what: string, place?: { field: string }) => never} */
          const refuse = (what, place) => {
            throw new errors.CompressorError(what, place);
          };
          return {
            // 256 bytes, and one symbol for each number of further repetitions, 1 to maxRun − 1.
            alphabetSize: 256 + maxRun - 1,
            fingerprint: `rle:1:maxRun=${maxRun}`,
            encode: (bytes) => ({ symbols: encodeRuns(bytes, maxRun) }),
            decode: ({ symbols }) => decodeRuns(symbols, maxRun, refuse),
            field: {
              name: 'pc_rle',
              write: ({ symbols }) => [...symbols].map((symbol) => symbol.toString(36)).join(' '),
              read(text) {
                if (!/^(?:[0-9a-z]{1,4}(?: (?=.)|$))*$/.test(text))
                  refuse('the codes are not numbers in base 36', { field: 'pc_rle' });
                const symbols = text === '' ? [] : text.split(' ').map((word) => Number.parseInt(word, 36));
                return { symbols: Uint32Array.from(symbols) };
              },
            },
          };
        },
      },
    ],
  });
}
