import { expect, it } from 'vitest';
import { readMutatedFiles } from '../../checkpoints/safetensors/mutated-files.js';

it('10,000 mutated safetensors files are read correctly or refused with a typed error', async () => {
  const { read, refused } = await readMutatedFiles(10_000);
  expect(read + refused).toBe(10_000);
  expect(refused).toBeGreaterThan(read);
});
