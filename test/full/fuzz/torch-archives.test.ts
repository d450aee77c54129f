import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readMutated } from '../../conversion/mutated-archives.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const ARCHIVE = fileURLToPath(new URL('../../fixtures/conversion/lingua/consolidated.pth', import.meta.url));

it('10,000 damaged archives of torch.save are read, or refused by a typed error', async () => {
  const { refused } = await readMutated(readFileSync(ARCHIVE), 10_000, temporaryDirectory());
  // Most changes hit structure; others only values.
  expect(refused).toBeGreaterThan(1000);
  expect(refused).toBeLessThan(10_000);
});
