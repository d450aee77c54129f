import { expect, it } from 'vitest';
import { readMutatedCheckpoints } from '../../checkpoints/mutated-checkpoints.js';

it('10,000 mutated checkpoints are read correctly or refused with a typed error', async () => {
  const { read, refused } = await readMutatedCheckpoints(10_000);
  expect(read + refused).toBe(10_000);
  expect(read).toBeGreaterThan(100);
});
