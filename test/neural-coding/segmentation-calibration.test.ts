import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntropyHistogram, PAPER_SEGMENTATION, ruleFor } from '../../src/neural-coding/segmentation-calibration.js';
import { ConfigError, DataError } from '../../src/support/errors.js';

function histogramOf(documents: readonly (readonly number[])[]): EntropyHistogram {
  const histogram = new EntropyHistogram();
  for (const document of documents) histogram.add(Uint16Array.from(document));
  return histogram;
}

/** The least of the values that at least this share of them does not exceed. */
function quantile(values: readonly number[], step: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil((step * sorted.length) / 1000) - 1]!;
}

describe('quantiles', () => {
  it('are those of all bytes but the first of each document', () => {
    const documents = fc.array(fc.array(fc.integer({ min: 0, max: 32_768 }), { minLength: 2, maxLength: 30 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(documents, fc.integer({ min: 1, max: 999 }), (list, step) => {
        const { levels, jumps } = histogramOf(list).quantiles();
        const later = list.flatMap((values) => values.slice(1));
        const rises = list.flatMap((values) => values.slice(1).map((h, t) => h - values[t]!));
        expect(levels[step - 1]).toBe(quantile(later, step));
        expect(jumps[step - 1]).toBe(quantile(rises, step));
      }),
      { numRuns: 20 },
    );
  });

  it('do not exist without text', () => {
    expect(() => histogramOf([[5], []]).quantiles()).toThrow(DataError);
  });

  it('leave at most the wanted share of bytes above them', () => {
    const values = Array.from({ length: 1001 }, (_, i) => (i * 7919) % 1009);
    const { levels } = histogramOf([values]).quantiles();
    expect(values.slice(1).filter((h) => h > levels[899]!)).toHaveLength(100);
  });
});

it('a histogram knows how much it has seen, and the mean entropy in bits', () => {
  const histogram = histogramOf([[0, 4096, 8192], [0]]);
  expect(histogram.countedBytes).toBe(4);
  expect(histogram.meanBits).toBe(1.5);
});

describe('a request', () => {
  const quantiles = histogramOf([Array.from({ length: 1001 }, (_, i) => 2 * i)]).quantiles();

  it('becomes a rule by the quantiles', () => {
    expect(ruleFor({ ...PAPER_SEGMENTATION, levelQuantile: 0.123 }, quantiles)).toEqual({
      criterion: 'or',
      level: 246,
      jump: 2,
      longest: 64,
    });
  });

  it.each([0, 1, 0.9005, Number.NaN])('is refused with the quantile %d', (levelQuantile) => {
    expect(() => ruleFor({ ...PAPER_SEGMENTATION, levelQuantile }, quantiles)).toThrow(ConfigError);
  });

  it.each([0, 1.5])('is refused with a longest segment of %d bytes', (longest) => {
    expect(() => ruleFor({ ...PAPER_SEGMENTATION, longest }, quantiles)).toThrow(ConfigError);
  });
});
