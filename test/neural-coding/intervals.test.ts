import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bigIntervals, doubleIntervals, type Interval } from '../../src/neural-coding/intervals.js';
import { HASH_MODEL_SHAPES, hashModel } from './hash-model.js';

const model = fc
  .tuple(fc.constantFrom(...HASH_MODEL_SHAPES), fc.constantFrom(12, 16, 20), fc.integer())
  .map(([shape, windowBits, seed]) => ({ windowBits, after: hashModel(shape, windowBits, seed).after }));
const text = fc.uint8Array({ maxLength: 12 });

/** Cumulative frequencies: 257 numbers from 0 to 2^16. */
function cumulative(frequencies: Uint32Array): number[] {
  const sums = [0];
  for (const frequency of frequencies) sums.push(sums.at(-1)! + frequency);
  return sums;
}

describe('intervals', () => {
  it('of the strings one byte longer partition the interval of a string', () => {
    fc.assert(
      fc.property(model, text, ({ windowBits, after }, bytes) => {
        const { unit, within } = doubleIntervals(windowBits);
        let interval = unit;
        for (const [index, byte] of bytes.entries()) {
          const sums = cumulative(after(bytes.subarray(0, index)));
          const children = Array.from({ length: 256 }, (_, child) => within(interval, sums[child]!, sums[child + 1]!));
          let at = interval.low;
          for (const { low, width } of children) {
            expect(low).toBe(at);
            at += width;
          }
          expect(at).toBe(interval.low + interval.width);
          interval = children[byte]!;
        }
      }),
      { numRuns: 10 },
    );
  });

  it('are what exact rational arithmetic gives', () => {
    fc.assert(
      fc.property(model, text, ({ windowBits, after }, bytes) => {
        const { unit, within } = doubleIntervals(windowBits);
        let interval = unit;
        let low = 0n;
        let width = 1n << 36n;
        for (const [index, byte] of bytes.entries()) {
          const sums = cumulative(after(bytes.subarray(0, index)));
          const begin = (width * BigInt(sums[byte]!)) / 65536n;
          width = (width * BigInt(sums[byte + 1]!)) / 65536n - begin;
          low += begin;
          interval = within(interval, sums[byte]!, sums[byte + 1]!);
          expect(interval).toEqual({ low: Number(low), width: Number(width) });
        }
      }),
    );
  });

  it('hold one or more cells for every byte alone', () => {
    for (const shape of HASH_MODEL_SHAPES) {
      for (const windowBits of [12, 14, 16, 18, 20]) {
        const { unit, within, cells } = doubleIntervals(windowBits);
        const sums = cumulative(hashModel(shape, windowBits).after(new Uint8Array(0)));
        let next = 0;
        for (let byte = 0; byte < 256; byte++) {
          const { first, end } = cells(within(unit, sums[byte]!, sums[byte + 1]!));
          expect(first).toBe(next);
          expect(end).toBeGreaterThan(first);
          next = end;
        }
        expect(next).toBe(2 ** windowBits);
      }
    }
  });

  it('count the cells that are whole inside', () => {
    const { cells } = doubleIntervals(16); // a cell is 2^20 wide
    const cell = 2 ** 20;
    const counted = (interval: Interval<number>) => {
      const { first, end } = cells(interval);
      return first < end ? [first, end] : 'none';
    };
    expect(counted({ low: 3 * cell, width: 2 * cell })).toEqual([3, 5]);
    expect(counted({ low: 3 * cell + 1, width: 2 * cell })).toEqual([4, 5]);
    expect(counted({ low: 3 * cell + 1, width: 2 * cell - 2 })).toEqual('none');
    expect(counted({ low: 3 * cell - 1, width: cell })).toEqual('none');
  });

  it('of wide windows divide the same way, in BigInt', () => {
    fc.assert(
      fc.property(fc.constantFrom(20, 24, 64), fc.nat(2 ** 16), fc.nat(2 ** 16), (windowBits, a, b) => {
        const { unit, within, cells } = bigIntervals(windowBits);
        expect(unit).toEqual({ low: 0n, width: 2n ** BigInt(windowBits + 20) });
        const [from, to] = a < b ? [a, b] : [b, a];
        const child = within(unit, from, to);
        // Powers of two divide exactly, so the bounds of a first byte are exact.
        expect(child.low).toBe((unit.width * BigInt(from)) / 65536n);
        expect(child.low + child.width).toBe((unit.width * BigInt(to)) / 65536n);
        const grandchild = within(child, from, to);
        expect(grandchild.low >= child.low && grandchild.low + grandchild.width <= child.low + child.width).toBe(true);
        const { first, end } = cells(grandchild);
        expect(first << 20n >= grandchild.low && end << 20n <= grandchild.low + grandchild.width).toBe(true);
        expect((first - 1n) << 20n < grandchild.low).toBe(true);
        expect((end + 1n) << 20n > grandchild.low + grandchild.width).toBe(true);
      }),
    );
  });

  it('of windows wider than doubles can hold are not given in doubles', () => {
    expect(() => doubleIntervals(24)).toThrow(/bigIntervals/);
  });
});
