import type { BatchSettings } from '../../src/data/batches.js';
import { batchOptions, dataOptions } from '../../src/data/options.js';
import type { Compressor } from '../../src/plugins/contracts.js';
import { vocabularyOptions } from '../../src/vocabulary/options.js';
import { vocabularyLayout } from '../../src/vocabulary/vocabulary.js';

/** A compressor of which everything is known: every byte becomes `symbolsPerByte` symbols of its own value. */
export function repeatingCompressor(symbolsPerByte = 1): Compressor {
  return {
    alphabetSize: 256,
    fingerprint: `repeating ${symbolsPerByte}`,
    encode: (bytes) => ({
      symbols: Uint32Array.from(
        { length: Math.ceil(bytes.length * symbolsPerByte) },
        (_, i) => bytes[Math.floor(i / symbolsPerByte)]!,
      ),
    }),
    decode: () => {
      throw new Error('not used');
    },
    field: {
      name: 'codes',
      write: () => {
        throw new Error('not used');
      },
      read: (text) => ({ symbols: Uint32Array.from(Buffer.from(text, 'latin1')) }),
    },
  };
}

/** Settings of a small run on one folder; compressed symbols have ids of their own, so that they can be told apart. */
export function settings(
  folder: string,
  data: Partial<BatchSettings['data']> = {},
  others: Partial<Omit<BatchSettings, 'data'>> = {},
): BatchSettings {
  return {
    sources: [{ name: 'train', path: folder, weight: 1 }],
    data: { ...dataOptions.parse({ rate: 0.5, blockBytes: 700 }), ...data },
    batch: batchOptions.parse({ size: 4, sequenceLength: 64 }),
    seed: 11,
    vocabulary: vocabularyLayout(vocabularyOptions.parse({ separateEmbedding: true }), 256, {
      raw: true,
      compressed: true,
    }),
    inputs: { views: 3, documentMask: false, multibyteWeights: null },
    ranks: { rank: 0, world: 1 },
    ...others,
  };
}
