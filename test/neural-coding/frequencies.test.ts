import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProbabilityModel } from '../../src/neural-coding/byte-model.js';
import { frequenciesAfter, quantise, quantised } from '../../src/neural-coding/frequencies.js';
import { CodebookError } from '../../src/support/errors.js';

const BYTES = 256;

function normalised(weights: readonly number[]): Float64Array {
  const sum = weights.reduce((a, b) => a + b, 0);
  return Float64Array.from(weights, (weight) => weight / sum);
}

const weight = fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: 1e-12, max: 1, noNaN: true }));
const distribution = fc
  .array(weight, { minLength: BYTES, maxLength: BYTES })
  .filter((weights) => weights.some((value) => value > 0))
  .map(normalised);

const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);
const everything = (byte: number) => Float64Array.from({ length: BYTES }, (_, other) => (other === byte ? 1 : 0));
const uniform = new Float64Array(BYTES).fill(1 / BYTES);

describe('quantised frequencies', () => {
  it('are at least 1, sum to a power of two, and are less than 1 away from the share of what is free', () => {
    fc.assert(
      fc.property(distribution, fc.constantFrom(12, 14, 16), (probabilities, bits) => {
        const frequencies = quantise(probabilities, bits);
        expect(sum(frequencies)).toBe(2 ** bits);
        for (const [byte, frequency] of frequencies.entries()) {
          const exact = 1 + probabilities[byte]! * (2 ** bits - BYTES);
          expect(frequency).toBeGreaterThanOrEqual(Math.floor(exact));
          expect(frequency).toBeLessThanOrEqual(Math.floor(exact) + 1);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('give what is left to the largest remainders', () => {
    fc.assert(
      fc.property(distribution, (probabilities) => {
        const shares = [...probabilities].map((probability) => probability * (2 ** 16 - BYTES));
        const missing = 2 ** 16 - BYTES - sum(shares.map(Math.floor));
        const order = shares
          .map((share, byte) => ({ byte, remainder: share - Math.floor(share) }))
          .sort((a, b) => b.remainder - a.remainder || a.byte - b.byte);
        const raised = new Set(order.slice(0, missing).map(({ byte }) => byte));
        const expected = shares.map((share, byte) => 1 + Math.floor(share) + (raised.has(byte) ? 1 : 0));
        expect([...quantise(probabilities)]).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  it('raise the lower bytes where remainders are equal', () => {
    // 3 bytes share 65,280 = 3 · 21,760 evenly; 7 share it as 9,325 and 5 over.
    const sevenths = Float64Array.from({ length: BYTES }, (_, byte) => (byte >= 10 && byte < 17 ? 1 / 7 : 0));
    expect([...quantise(sevenths).subarray(9, 18)]).toEqual([1, 9327, 9327, 9327, 9327, 9327, 9326, 9326, 1]);
  });

  it('leave every other byte 1 where one byte has all the mass', () => {
    const frequencies = quantise(everything(200));
    expect(frequencies[200]).toBe(2 ** 16 - 255);
    expect(sum(frequencies)).toBe(2 ** 16);
  });

  it('are computed row by row', () => {
    const rows = new Float64Array(2 * BYTES);
    rows.set(everything(3), 0);
    rows.set(uniform, BYTES);
    const frequencies = quantise(rows);
    expect(frequencies.subarray(0, BYTES)).toEqual(quantise(everything(3)));
    expect(frequencies.subarray(BYTES)).toEqual(new Uint32Array(BYTES).fill(256));
  });

  it('are refused for what is no distribution', () => {
    const negative = uniform.slice();
    negative[7] = -negative[7]!;
    const undefinedNumber = uniform.slice();
    undefinedNumber[9] = Number.NaN;
    expect(() => quantise(negative)).toThrow(/byte 7 the probability -0\.0039/);
    expect(() => quantise(undefinedNumber)).toThrow(/byte 9 the probability NaN/);
    expect(() => quantise(uniform.map((value) => value * 1.001))).toThrow(/sum to 1\.00/);
    expect(() => quantise(uniform.map((value) => value * 1.001))).toThrow(CodebookError);
  });
});

const constantModel = (row: Float64Array): ProbabilityModel => ({
  fingerprint: 'constant',
  async probabilities(prefixes) {
    const rows = new Float64Array(prefixes.length * BYTES);
    for (const index of prefixes.keys()) rows.set(row, index * BYTES);
    return rows;
  },
});

describe('a quantised model', () => {
  it('draws the first byte from as many units as the window has cells', async () => {
    const model = quantised(constantModel(everything(65)), 12);
    const prefixes = [new Uint8Array(0), Uint8Array.of(65)];
    const frequencies = await model.frequencies(prefixes);
    const first = frequencies.subarray(0, BYTES);
    expect(first[65]).toBe((2 ** 12 - 255) * 2 ** 4);
    expect(first[66]).toBe(2 ** 4);
    expect(frequencies.subarray(BYTES)).toEqual(quantise(everything(65)));
    const probabilities = await constantModel(everything(65)).probabilities(prefixes);
    await expect(frequenciesAfter(model, prefixes, 12)).resolves.toEqual({ frequencies, probabilities });
  });

  it.each([16, 18, 20])('draws the first byte from 2^16 units in a window of %i bits', async (windowBits) => {
    const model = quantised(constantModel(uniform), windowBits);
    await expect(model.frequencies([new Uint8Array(0)])).resolves.toEqual(quantise(uniform));
  });

  it('is known by its probabilities and by how the first byte is drawn', () => {
    const model = constantModel(uniform);
    const fingerprints = [12, 14, 16].map((windowBits) => quantised(model, windowBits).fingerprint);
    expect(new Set(fingerprints).size).toBe(3);
    expect(quantised(model, 18).fingerprint).toBe(fingerprints[2]);
  });
});

describe('a frequency model that breaks its contract is named', () => {
  const row = new Uint32Array(BYTES).fill(256);
  const changed = (...changes: [number, number][]) => {
    const copy = row.slice();
    for (const [byte, frequency] of changes) copy[byte] = frequency;
    return copy;
  };
  const ask = (frequencies: Uint32Array, prefix: readonly number[], windowBits = 12) => {
    const model = { fingerprint: 'wrong', frequencies: async () => frequencies };
    return frequenciesAfter(model, [Uint8Array.from(prefix)], windowBits);
  };

  it.each([
    ['too few rows', row.subarray(1), [], /255 frequencies for 1 prefixes/],
    ['a byte that cannot be', changed([5, 0], [6, 512]), [1, 255], /byte 5 after 01ff is 0/],
    ['another sum', changed([5, 255]), [1], /after 01 sum to 65535/],
    ['a first byte without whole cells', changed([5, 255], [6, 257]), [], /byte 5 at the start of a window is 255.*16/],
  ] as const)('%s', async (_, frequencies, prefix, message) => {
    await expect(ask(frequencies, prefix)).rejects.toThrow(message);
    await expect(ask(frequencies, prefix)).rejects.toThrow(CodebookError);
  });
});
