import { describe, expect, it } from 'vitest';
import { selectRows } from '../../../src/data/download/row-selection.js';

describe('selectRows', () => {
  it('takes what numpy takes', () => {
    // numpy.random.default_rng(42).permutation(10) is [5, 6, 0, 7, 3, 2, 4, 9, 1, 8].
    expect([...selectRows(10, 4, 42)]).toEqual([0, 5, 6, 7]);
  });

  it('takes all in order where as many are wanted', () => {
    expect([...selectRows(5, 5, 42)]).toEqual([0, 1, 2, 3, 4]);
  });

  it('takes more by adding to fewer', () => {
    const few = selectRows(1000, 100, 7);
    const more = new Set(selectRows(1000, 300, 7));
    expect(new Set(few).size).toBe(100);
    expect([...few].every((row) => more.has(row))).toBe(true);
  });

  it('gives every row the same chance', () => {
    const taken = new Uint32Array(20);
    for (let seed = 0; seed < 4000; seed++) for (const row of selectRows(20, 5, seed)) taken[row]!++;
    // 4000 · 5 / 20 = 1000 each; the standard deviation is √(4000 · ¼ · ¾) ≈ 27.
    expect(Math.min(...taken)).toBeGreaterThan(1000 - 5 * 27);
    expect(Math.max(...taken)).toBeLessThan(1000 + 5 * 27);
  });
});
