import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cumulativeFrequencies } from '../../src/neural-coding/stream-frequencies.js';

/** 256 probabilities from weights over many orders of magnitude. */
const probabilities = fc
  .array(fc.oneof(fc.constant(0), fc.double({ min: -40, max: 0, noNaN: true }).map(Math.exp)), {
    minLength: 256,
    maxLength: 256,
  })
  .filter((weights) => weights.some((weight) => weight > 0))
  .map((weights) => {
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return Float64Array.from(weights, (weight) => weight / sum);
  });

it('gives every byte a frequency, near its probability, and the whole total', () => {
  fc.assert(
    fc.property(probabilities, (p) => {
      const cumulative = new Uint32Array(257);
      cumulativeFrequencies(p, 0, cumulative);
      expect(cumulative[0]).toBe(0);
      expect(cumulative[256]).toBe(2 ** 24);
      const most = p.indexOf(Math.max(...p));
      for (let byte = 0; byte < 256; byte++) {
        const frequency = cumulative[byte + 1]! - cumulative[byte]!;
        expect(frequency).toBeGreaterThanOrEqual(1);
        // Rounding takes at most one, the floor of 1 for every byte at most 256 of the total.
        expect(Math.abs(frequency - p[byte]! * 2 ** 24)).toBeLessThanOrEqual(byte === most ? 512 : 257);
      }
    }),
    { numRuns: 60 },
  );
});

it('works on one row of several', () => {
  const p = new Float64Array(512).fill(1 / 256);
  const cumulative = new Uint32Array(514);
  cumulativeFrequencies(p, 1, cumulative);
  expect(cumulative.subarray(0, 257)).toEqual(new Uint32Array(257));
  expect(cumulative.subarray(257)).toEqual(Uint32Array.from({ length: 257 }, (_, i) => i * 65_536));
});
