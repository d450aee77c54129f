import { expect, it } from 'vitest';
import { readMutatedCodebooks } from '../../neural-coding/mutated-codebooks.js';

it('10,000 mutated codebooks are read as what they say or refused with a typed error', async () => {
  const { read, refused } = await readMutatedCodebooks(10_000);
  expect(read + refused).toBe(10_000);
  expect(refused).toBeGreaterThan(read);
});
