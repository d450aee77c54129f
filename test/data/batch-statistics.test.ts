import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countLiterals, emptyStatistics } from '../../src/data/batch-statistics.js';
import type { Block } from '../../src/data/symbol-layout.js';
import { RAW_LIMIT, RAW_OFFSET } from '../../src/vocabulary/layout.js';

const literalsOf = (block: Block, ids: Int32Array, labels: number, parts: readonly number[]): number => {
  const statistics = emptyStatistics();
  const cuts = [0, ...parts, ids.length];
  for (const [i, from] of cuts.slice(0, -1).entries())
    countLiterals(statistics, block, from, cuts[i + 1]!, ids, labels);
  return statistics.literalsAsRaw;
};

const someBlock = fc
  .tuple(fc.array(fc.constantFrom(RAW_OFFSET, RAW_LIMIT - 1, RAW_LIMIT, RAW_LIMIT + 999), { maxLength: 30 }), fc.nat(3))
  .map(([block, before]) => ({
    // What stands around the block, sentinels and the like, has ids of its own below those of bytes.
    ids: Int32Array.from([...new Array<number>(before).fill(1), ...block, 2, 2]),
    block: { representation: 'compressed' as const, start: before, end: before + block.length, bytes: 0 },
  }));

it('counts as many literals in a row as there are labels, wherever the document is divided', () => {
  fc.assert(
    fc.property(
      someBlock,
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(34), { maxLength: 3 }),
      ({ ids, block }, labels, divisions) => {
        const within = ids.subarray(block.start, block.end);
        const expected = Array.from(within, (_, first) => within.subarray(first, first + labels)).filter(
          (run) => run.length === labels && run.every((id) => id < RAW_LIMIT),
        ).length;
        const parts = divisions.filter((at) => at <= ids.length).sort((a, b) => a - b);
        expect(literalsOf(block, ids, labels, parts)).toBe(expected);
      },
    ),
  );
});

it('counts none in raw text, and none among symbols that have ids of their own', () => {
  const ids = new Int32Array(10).fill(RAW_OFFSET);
  const block = { start: 0, end: 10, bytes: 10 };
  expect(literalsOf({ ...block, representation: 'raw' }, ids, 2, [])).toBe(0);
  expect(literalsOf({ ...block, representation: 'compressed' }, ids.fill(RAW_LIMIT), 2, [])).toBe(0);
});
