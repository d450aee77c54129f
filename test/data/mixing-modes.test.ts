import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrate, drawLayout, LAYOUTS, MODES, sizeRatio } from '../../src/data/mixing-modes.js';
import { MIX_MODES } from '../../src/data/options.js';
import { Random } from '../../src/support/random/index.js';

const RATES = [0, 0.1, 0.3, 0.5, 0.75, 0.9, 1];
const DRAWS = 20_000;

/** Compressed share over many documents whose compressed blocks have `ratio` times the size of raw blocks. */
function compressedShare(mode: (typeof MIX_MODES)[number], rate: number, ratio: number): number {
  const random = Random.fromSeed(7, 1);
  let compressed = 0;
  let raw = 0;
  for (let i = 0; i < DRAWS; i++) {
    for (const block of LAYOUTS[drawLayout({ mode, rate }, ratio, random)].documents.flat()) {
      if (block === 'compressed') compressed += ratio;
      else raw += 1;
    }
  }
  return compressed / (compressed + raw);
}

describe('calibrate', () => {
  it('is the formula of the reference where blocks are counted', () => {
    expect(calibrate(0.9, 1, true)).toEqual({ probability: expect.closeTo(2 - 1 / 0.9, 12), pairsReplace: 'raw' });
    expect(calibrate(0.3, 1, true)).toEqual({ probability: expect.closeTo(0.3 / 0.7, 12), pairsReplace: 'compressed' });
    expect(calibrate(0.5, 1, true)).toEqual({ probability: 1, pairsReplace: 'compressed' });
    expect(calibrate(0.4, 1, false).probability).toBeCloseTo(0.4, 12);
  });

  it('gives a probability for every rate, size ratio and kind of mode', () => {
    const rates = fc.double({ min: 0, max: 1, noNaN: true });
    const ratios = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(rates, ratios, fc.boolean(), (rate, ratio, paired) => {
        const { probability } = calibrate(rate, ratio, paired);
        expect(probability).toBeGreaterThanOrEqual(0);
        expect(probability).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('drawLayout', () => {
  // Five standard deviations of a mean of DRAWS draws, widened for the pairs' correlation.
  const tolerance = (5 * Math.sqrt(0.25 / DRAWS)) / 1.2;

  it.each(MIX_MODES.flatMap((mode) => RATES.map((rate) => [mode, rate] as const)))(
    '%s: the share of compressed blocks is the rate %d',
    (mode, rate) => {
      expect(Math.abs(compressedShare(mode, rate, 1) - rate)).toBeLessThan(tolerance);
    },
  );

  it.each(MIX_MODES.flatMap((mode) => [0.1, 0.5, 0.9].map((rate) => [mode, rate] as const)))(
    '%s: the share of compressed symbols is the rate %d where symbols are counted',
    (mode, rate) => {
      expect(Math.abs(compressedShare(mode, rate, 0.3) - rate)).toBeLessThan(tolerance);
      expect(Math.abs(compressedShare(mode, rate, 8) - rate)).toBeLessThan(tolerance);
    },
  );

  it('shows only raw text at rate 0 and only compressed text at rate 1', () => {
    for (const mode of MIX_MODES) {
      expect(compressedShare(mode, 0, 1)).toBe(0);
      expect(compressedShare(mode, 1, 1)).toBe(1);
    }
  });

  it.each(['translation_random', 'parallel_random'] as const)('%s draws both orders equally often', (mode) => {
    const random = Random.fromSeed(3);
    const drawn = Array.from({ length: DRAWS }, () => drawLayout({ mode, rate: 0.5 }, 1, random));
    const [first, second] = MODES[mode].pairs;
    expect(new Set(drawn)).toEqual(new Set([first, second]));
    expect(Math.abs(drawn.filter((name) => name === first).length / DRAWS - 0.5)).toBeLessThan(tolerance);
  });
});

describe('sizeRatio', () => {
  it('begins at one and becomes the measured ratio', () => {
    expect(sizeRatio({ bytes: 0, symbols: 0 })).toBe(1);
    expect(sizeRatio({ bytes: 1e9, symbols: 2.5e8 })).toBeCloseTo(0.25, 6);
  });
});
