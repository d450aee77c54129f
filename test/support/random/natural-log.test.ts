import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { naturalLog } from '../../../src/support/random/natural-log.js';

describe('naturalLog', () => {
  it('agrees with Math.log to a few units in the last place', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
        const expected = Math.log(x);
        expect(Math.abs(naturalLog(x) - expected)).toBeLessThanOrEqual(4 * Number.EPSILON * Math.abs(expected));
      }),
      { numRuns: 10_000 },
    );
  });

  it('is exact at 1', () => {
    expect(naturalLog(1)).toBe(0);
  });
});
