import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BOUNDARY_CRITERIA,
  type BoundaryCriterion,
  describeRule,
  entropyUnits,
  segmentEnds,
} from '../../src/neural-coding/segmentation-rule.js';

/** The conditions as the paper words them. */
const MEETS: Record<BoundaryCriterion, (isHigh: boolean, isJump: boolean) => boolean> = {
  level: (isHigh) => isHigh,
  jump: (_, isJump) => isJump,
  or: (isHigh, isJump) => isHigh || isJump,
  and: (isHigh, isJump) => isHigh && isJump,
};

const entropies = fc.array(fc.integer({ min: 0, max: 12 })).map((values) => Uint16Array.from(values));
const rules = fc.record({
  criterion: fc.constantFrom(...BOUNDARY_CRITERIA),
  level: fc.integer({ min: 0, max: 12 }),
  jump: fc.integer({ min: -3, max: 12 }),
  longest: fc.integer({ min: 1, max: 9 }),
});

describe('ends of segments', () => {
  //                      0  1  2  3  4  5  6  7
  const h = Uint16Array.of(9, 2, 8, 8, 1, 5, 9, 2);

  it.each([
    ['level', [2, 3, 6, 8]],
    ['jump', [2, 5, 6, 8]],
    ['or', [2, 3, 5, 6, 8]],
    ['and', [2, 6, 8]],
  ] as const)('%s: where h is above 7, or has risen by more than 3', (criterion, expected) => {
    expect(Array.from(segmentEnds(h, { criterion, level: 7, jump: 3, longest: 64 }))).toEqual(expected);
  });

  it('cuts what is longer than the longest segment, and counts on from there', () => {
    const rule = { criterion: 'level', level: 7, jump: 0, longest: 2 } as const;
    expect(Array.from(segmentEnds(Uint16Array.of(0, 0, 0, 9, 0, 0, 0), rule))).toEqual([2, 3, 5, 7]);
  });

  it('are none for an empty document, and one for a byte', () => {
    const rule = { criterion: 'or', level: 0, jump: 0, longest: 1 } as const;
    expect(segmentEnds(new Uint16Array(), rule)).toHaveLength(0);
    expect(Array.from(segmentEnds(Uint16Array.of(9), rule))).toEqual([1]);
  });

  it('ascend to the length, no segment is too long, and each begins where the rule says or the longest ended', () => {
    fc.assert(
      fc.property(entropies, rules, (values, rule) => {
        const ends = Array.from(segmentEnds(values, rule));
        expect(ends.at(-1) ?? 0).toBe(values.length);
        const starts = new Set(ends.slice(0, -1));
        let start = 0;
        for (let t = 1; t < values.length; t++) {
          const isWanted = MEETS[rule.criterion](values[t]! > rule.level, values[t]! - values[t - 1]! > rule.jump);
          expect(starts.has(t)).toBe(isWanted || t - start === rule.longest);
          if (starts.has(t)) start = t;
        }
        expect(ends).toEqual([...new Set(ends)].sort((a, b) => a - b));
      }),
    );
  });

  it('hold thousands of boundaries of one document', () => {
    const values = Uint16Array.from({ length: 100_000 }, (_, t) => (t % 2) * 9);
    const rule = { criterion: 'or', level: 7, jump: -10, longest: 64 } as const;
    expect(Array.from(segmentEnds(values, rule))).toEqual(Array.from({ length: 100_000 }, (_, t) => t + 1));
  });
});

it('entropies are rounded to 1/4096 bit and kept within 0 to 8 bits', () => {
  expect([0, 1 / 4096, 1.00013, 8, 8.001, -1e-9].map(entropyUnits)).toEqual([0, 1, 4097, 32_768, 32_768, 0]);
});

it('a rule is described by what it reads', () => {
  const rule = { level: 10, jump: 3, longest: 64 };
  expect(BOUNDARY_CRITERIA.map((criterion) => describeRule({ criterion, ...rule }))).toEqual([
    'level>10, longest 64',
    'jump>3, longest 64',
    'level>10 or jump>3, longest 64',
    'level>10 and jump>3, longest 64',
  ]);
});
