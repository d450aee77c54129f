import { expect, it } from 'vitest';
import { readMutatedContainers } from '../../data/compressed-file/mutated-files.js';

it('10,000 mutated compressed files give their text or are refused with a typed error', async () => {
  const { read, refused } = await readMutatedContainers(10_000);
  expect(read + refused).toBe(10_000);
  expect(refused).toBeGreaterThan(8000);
});
