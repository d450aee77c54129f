import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  encodeModelQuantiles,
  type ModelQuantiles,
  readModelQuantiles,
} from '../../src/neural-coding/entropy-quantiles-file.js';
import { PAPER_SEGMENTATION } from '../../src/neural-coding/segmentation-calibration.js';
import { type EntropyModel, entropySegmenter } from '../../src/neural-coding/segmentation-entropy.js';
import { CodebookError, ConfigError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** Its entropy before a byte is that byte / 32 bits; it notes what it was asked. */
function modelOfBytes(context: number): EntropyModel & { asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    fingerprint: 'bytes',
    context,
    asked,
    async entropies(documents, options) {
      asked.push(options);
      return documents.map((document) => Float32Array.from(document, (byte) => byte / 32));
    },
  };
}

/** The level 4 bits and the jump 2 bits at every quantile. */
const quantiles: ModelQuantiles = {
  modelFingerprint: 'bytes',
  calibrationBytes: 77,
  levels: new Int32Array(999).fill(4 * 4096),
  jumps: new Int32Array(999).fill(2 * 4096),
};

describe('the exact segmenter', () => {
  it('cuts where the entropy of the model is above the thresholds', async () => {
    const segmenter = entropySegmenter(modelOfBytes(512), quantiles, PAPER_SEGMENTATION);
    // Bits: 0, 4 (a rise of 4), 6 (high), 1, 3 (a rise of 2 only), 3.5, 6 (high).
    const bytes = Uint8Array.from([0, 4, 6, 1, 3, 3.5, 6], (bits) => 32 * bits);
    const ends = await segmenter.segment([bytes, new Uint8Array(), Uint8Array.of(255)]);
    expect(ends.map((list) => Array.from(list))).toEqual([[1, 2, 6, 7], [], [1]]);
  });

  it('has contexts overlap by a sixteenth', async () => {
    const model = modelOfBytes(512);
    await entropySegmenter(model, quantiles, PAPER_SEGMENTATION).segment([]);
    expect(model.asked).toEqual([{ overlap: 32 }]);
  });

  it('is told from others by model, context and thresholds', () => {
    const fingerprints = [
      entropySegmenter(modelOfBytes(512), quantiles, PAPER_SEGMENTATION),
      entropySegmenter(modelOfBytes(256), quantiles, PAPER_SEGMENTATION),
      entropySegmenter({ ...modelOfBytes(512), fingerprint: 'other' }, quantiles, PAPER_SEGMENTATION),
      entropySegmenter(modelOfBytes(512), quantiles, { ...PAPER_SEGMENTATION, criterion: 'and' }),
    ].map(({ fingerprint }) => fingerprint);
    expect(new Set(fingerprints).size).toBe(4);
  });

  it('refuses a quantile that is not kept', () => {
    const request = { ...PAPER_SEGMENTATION, jumpQuantile: 2 };
    expect(() => entropySegmenter(modelOfBytes(512), quantiles, request)).toThrow(ConfigError);
  });
});

describe("the file of a model's quantiles", () => {
  it('is read back as it was written', async () => {
    const path = join(temporaryDirectory(), 'quantiles.json');
    await writeFile(path, encodeModelQuantiles(quantiles));
    expect(await readModelQuantiles(path)).toEqual(quantiles);
  });

  it.each([
    ['no JSON', 'PK', 'cannot be read'],
    ['something else', '{"format":"zip"}', 'no quantiles'],
    ['of values that do not ascend', (text: string) => text.replace('[16384,', '[16385,'), 'must ascend'],
    ['of values that are too few', (text: string) => text.replace('[16384,', '['), 'no quantiles'],
    ['of version 2', (text: string) => text.replace('"version":1', '"version":2'), 'no quantiles'],
  ])('that is %s is refused by name', async (_, content, what) => {
    const path = join(temporaryDirectory(), 'quantiles.json');
    await writeFile(path, encodeModelQuantiles(quantiles));
    await writeFile(path, typeof content === 'string' ? content : content(await readFile(path, 'utf8')));
    const error: unknown = await readModelQuantiles(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CodebookError);
    expect(error).toMatchObject({ location: { file: path }, message: expect.stringContaining(what) });
  });

  it('that is missing is refused with what makes one', async () => {
    const path = join(temporaryDirectory(), 'none.json');
    await expect(readModelQuantiles(path)).rejects.toMatchObject({ hint: expect.stringContaining('--m1-quantiles') });
  });
});
