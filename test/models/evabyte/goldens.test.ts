import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compareWithGolden } from '../../../scripts/golden-comparison.js';
import { SafetensorsFile } from '../../../src/checkpoints/safetensors/reader.js';
import { multibyteWeights } from '../../../src/models/inputs.js';

const folder = fileURLToPath(new URL('../../fixtures/goldens/', import.meta.url));

describe('EvaByte agrees with the reference', () => {
  it.each(readdirSync(folder))('%s: logits, losses and every gradient', async (file) => {
    const deviations = await compareWithGolden(folder + file);
    expect(deviations.length).toBeGreaterThan(25);
    for (const { name, relativeError } of deviations) expect(relativeError, name).toBeLessThan(1e-5);
  });

  it('weights of predictions', async () => {
    const file = await SafetensorsFile.open(`${folder}evabyte_lossmask_heads4.safetensors`);
    const integers = async (name: string) =>
      Int32Array.from(new BigInt64Array((await file.read(name)).slice().buffer), Number);
    const expected = new Float32Array((await file.read('loss_mask')).slice().buffer);
    const options = { heads: 4, disableCrossBytePrediction: true, compressedWeight: 0.333333 };
    // The golden was made with sentinels of id 17.
    const weights = multibyteWeights(await integers('input_ids'), await integers('labels'), 4, options, [1, 17]);
    await file.close();
    expect(weights.length).toBe(expected.length);
    for (const [index, weight] of weights.entries()) expect(weight).toBeCloseTo(expected[index]!, 6);
  });
});
