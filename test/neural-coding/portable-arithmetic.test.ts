import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exponential, power, squareRoot, turns } from '../../src/neural-coding/portable-arithmetic.js';

const EPSILON = 2 ** -52;
const numbers = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const relativeError = (value: number, exact: number): number => Math.abs(value - exact) / Math.abs(exact);

describe('functions that are the same on every machine', () => {
  it('e^x is right within a few units in the last place, over all normal results', () => {
    fc.assert(
      fc.property(numbers(-708, 709), (x) => relativeError(exponential(x), Math.exp(x)) <= 4 * EPSILON),
      { numRuns: 5000 },
    );
    expect(exponential(0)).toBe(1);
    expect(exponential(-800)).toBe(0);
    expect(exponential(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(exponential(800)).toBe(Number.POSITIVE_INFINITY);
  });

  it('√x is right within one unit', () => {
    fc.assert(
      fc.property(numbers(1e-30, 1e30), (x) => relativeError(squareRoot(x), Math.sqrt(x)) <= EPSILON),
      { numRuns: 2000 },
    );
  });

  it('powers are right within what the exponent magnifies', () => {
    fc.assert(
      fc.property(numbers(2, 1e6), numbers(-1, 1), (x, y) => relativeError(power(x, y), x ** y) <= 40 * EPSILON),
    );
  });

  it('turns are the cosines and sines of all multiples', () => {
    fc.assert(
      fc.property(numbers(0, 1), (angle) => {
        const { cosines, sines } = turns(angle, 600);
        for (let i = 0; i < 600; i += 37) {
          expect(cosines[i]).toBeCloseTo(Math.cos(i * angle), 11);
          expect(sines[i]).toBeCloseTo(Math.sin(i * angle), 11);
        }
      }),
      { numRuns: 30 },
    );
  });
});
