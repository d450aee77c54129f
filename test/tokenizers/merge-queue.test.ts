import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MergeQueue } from '../../src/tokenizers/merging/merge-queue.js';

/** Numbers to put in, and where the smallest is taken out. */
const uses = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 40 }) },
    { weight: 1, arbitrary: fc.maxSafeNat() },
    { weight: 2, arbitrary: fc.constant('pop' as const) },
  ),
  { maxLength: 400 },
);

describe('a queue of merges', () => {
  it('gives the smallest of what is in it, whatever came in whichever order', () => {
    fc.assert(
      fc.property(uses, (list) => {
        const queue = new MergeQueue();
        const expected: number[] = [];
        for (const use of list) {
          if (use !== 'pop') {
            queue.push(use);
            expected.push(use);
            expected.sort((a, b) => a - b);
          } else if (expected.length > 0) expect(queue.pop()).toBe(expected.shift());
          expect(queue.size).toBe(expected.length);
        }
        while (queue.size > 0) expect(queue.pop()).toBe(expected.shift());
      }),
    );
  });

  it('gives what came in ascending sequences side by side in order', () => {
    const queue = new MergeQueue();
    for (let i = 0; i < 30_000; i++) for (const rank of [7, 3, 5]) queue.push(rank * 2 ** 32 + 2 * i);
    for (const rank of [3, 5, 7])
      for (let i = 0; i < 30_000; i++) if (queue.pop() !== rank * 2 ** 32 + 2 * i) expect.fail(`${rank}, ${i}`);
    expect(queue.size).toBe(0);
  });
});
