import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compareWithGolden } from '../../../scripts/golden-comparison.js';

const folder = fileURLToPath(new URL('../../fixtures/opencoder/', import.meta.url));
const goldens = readdirSync(folder).filter((file) => file.endsWith('.safetensors'));

describe('OpenCoder agrees with Llama as transformers has it, rows of wq and wk in pairs', () => {
  it.each(goldens)('%s: logits, loss and every gradient', async (file) => {
    const deviations = await compareWithGolden(folder + file);
    expect(deviations.length).toBeGreaterThan(13);
    for (const { name, relativeError } of deviations) expect(relativeError, name).toBeLessThan(1e-4);
  });
});
