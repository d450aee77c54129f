import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHalves, encodeHalves, fromHalf, toHalf } from '../../src/checkpoints/half-precision.js';

const WORDS = Array.from({ length: 65_536 }, (_, word) => word);
/** Every finite binary16 that is not negative, ascending: words in order are values in order. */
const FINITE = WORDS.slice(0, 0x7c_00).map(fromHalf);

describe('half precision', () => {
  it('has the values that IEEE 754 gives', () => {
    const known: [number, number][] = [
      [0x00_00, 0],
      [0x00_01, 2 ** -24],
      [0x04_00, 2 ** -14],
      [0x3c_00, 1],
      [0x35_55, 0.333251953125],
      [0x7b_ff, 65_504],
      [0xc0_00, -2],
      [0x7c_00, Number.POSITIVE_INFINITY],
    ];
    for (const [word, value] of known) expect(fromHalf(word)).toBe(value);
    expect(fromHalf(0x7e_00)).toBeNaN();
  });

  it('comes back from every number that it has', () => {
    for (const word of WORDS) {
      const value = fromHalf(word);
      if (Number.isNaN(value)) expect(fromHalf(toHalf(value))).toBeNaN();
      else expect(toHalf(value)).toBe(word);
    }
  });

  it('is the nearest number, and of two the even one', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: Math.fround(-65_519), max: Math.fround(65_519) }), (value) => {
        const word = toHalf(value) & 0x7f_ff;
        const distance = (index: number) => Math.abs((FINITE[index] ?? Number.POSITIVE_INFINITY) - Math.abs(value));
        expect(Math.sign(fromHalf(toHalf(value))) * Math.sign(value)).toBeGreaterThanOrEqual(0);
        for (const other of [word - 1, word + 1]) {
          expect(distance(word)).toBeLessThanOrEqual(distance(other));
          if (distance(word) === distance(other)) expect(word % 2).toBe(0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is infinite beyond its range', () => {
    expect([65_519, 65_520, -1e30].map((value) => fromHalf(toHalf(value)))).toEqual([
      65_504,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
  });

  it('is the same for many numbers at a time, and those that become infinite are counted', () => {
    const values = new Float32Array(WORDS.length);
    decodeHalves(Uint16Array.from(WORDS), values);
    expect(values).toEqual(Float32Array.from(WORDS, fromHalf));
    const between = Float32Array.from(values, (value, index) => (value + (values[index + 1] ?? 0)) / 2);
    const given = Float32Array.of(
      ...between.slice(0, 2000),
      65_519,
      65_520,
      -1e30,
      Number.POSITIVE_INFINITY,
      Number.NaN,
    );
    const words = new Uint16Array(given.length);
    expect(encodeHalves(given, words)).toBe(2);
    expect(words).toEqual(Uint16Array.from(given, toHalf));
  });
});
