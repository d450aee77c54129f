import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cumulativeWeights, Random } from '../../../src/support/random/index.js';

interface Vector {
  entropy: number[];
  state: string;
  increment: string;
  uint64: string[];
  uniform: number[];
  choice_n4_p: { p: number[]; draws: number[] };
  choice_of_3_uniform: number[];
  shuffle_10_rows: number[];
}

const golden = new URL('../../fixtures/random.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(golden, 'utf8')) as { vectors: Vector[] };

describe.each(vectors)('seeded with $entropy, as numpy', (vector) => {
  const random = () => Random.fromSeed(...vector.entropy);

  it('starts from the same state', () => {
    expect(random().state()).toEqual({ state: vector.state, increment: vector.increment, buffered: null });
  });

  it('draws the same 64-bit words', () => {
    const numbers = random();
    expect(vector.uint64.map(() => numbers.nextUint64().toString())).toEqual(vector.uint64);
  });

  it('draws the same uniforms, to the last bit', () => {
    const numbers = random();
    expect(vector.uniform.map(() => numbers.uniform())).toEqual(vector.uniform);
  });

  it('chooses the same indices by weight', () => {
    const numbers = random();
    const cumulative = cumulativeWeights(vector.choice_n4_p.p);
    expect(vector.choice_n4_p.draws.map(() => numbers.choice(cumulative))).toEqual(vector.choice_n4_p.draws);
  });

  it('chooses the same of three', () => {
    const numbers = random();
    expect(vector.choice_of_3_uniform.map(() => numbers.integer(3))).toEqual(vector.choice_of_3_uniform);
  });

  it('shuffles rows into the same order', () => {
    const rows = Int32Array.from({ length: 10 }, (_, row) => 2 * row);
    random().shuffle(rows);
    expect([...rows]).toEqual(vector.shuffle_10_rows);
  });
});

/** Draws of every kind, in any order: what may lie between saving a state and going on from it. */
const draws: Record<string, (random: Random) => unknown> = {
  word: (random) => random.nextUint32(),
  uniform: (random) => random.uniform(),
  integer: (random) => random.integer(1000),
  choice: (random) => random.choice([0.25, 0.5, 1]),
  normal: (random) => random.normal(),
  shuffle: (random) => {
    const items = [1, 2, 3, 4, 5];
    random.shuffle(items);
    return items;
  },
  fill: (random) => {
    const out = new Float32Array(3);
    random.fillTruncatedNormal(out, 1, 2);
    return [...out];
  },
};
const drawNames = fc.array(fc.constantFrom(...Object.keys(draws)), { maxLength: 20 });

describe('the state', () => {
  it('goes through JSON and continues exactly, after any draws', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 200n }), drawNames, drawNames, (seed, before, after) => {
        const random = Random.fromSeed(seed);
        for (const name of before) draws[name]!(random);
        const resumed = Random.fromState(JSON.parse(JSON.stringify(random.state())));
        for (const name of after) expect(draws[name]!(resumed)).toEqual(draws[name]!(random));
      }),
    );
  });

  it.each([
    [{ state: '-1', increment: '1', buffered: null }, /state/],
    [{ state: String(2n ** 128n), increment: '1', buffered: null }, /below 2\^128/],
    [{ state: '1', increment: '2', buffered: null }, /odd/],
    [{ state: '1', increment: '1', buffered: 2 ** 32 }, /32 bits/],
    [{ state: '1', increment: '1', buffered: 0.5 }, /32 bits/],
  ])('is refused when it cannot be one: %j', (state, reason) => {
    expect(() => Random.fromState(state)).toThrow(reason);
  });
});

describe('seeds', () => {
  it('give other numbers when any part or the order changes', () => {
    const seeds: (number | bigint)[][] = [[1], [2], [1, 2], [2, 1], [1, 2, 3, 4, 5], [1, 2, 3, 4, 6], [2n ** 64n]];
    expect(new Set(seeds.map((seed) => Random.fromSeed(...seed).nextUint64())).size).toBe(seeds.length);
  });

  it.each([[-1], [1.5], [2 ** 60], [Number.NaN]])('must be exact non-negative integers, not %d', (seed) => {
    expect(() => Random.fromSeed(seed)).toThrow(RangeError);
  });
});

describe('integer', () => {
  it('stays below any count and reaches both ends of a small one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), fc.nat(), (count, seed) => {
        const value = Random.fromSeed(seed).integer(count);
        expect(Number.isInteger(value) && value >= 0 && value < count).toBe(true);
      }),
    );
    const random = Random.fromSeed(5);
    expect(new Set(Array.from({ length: 200 }, () => random.integer(4)))).toEqual(new Set([0, 1, 2, 3]));
  });

  it('draws nothing for a single choice', () => {
    const random = Random.fromSeed(6);
    const before = random.state();
    expect(random.integer(1)).toBe(0);
    expect(random.state()).toEqual(before);
  });

  it('is uniform where the count does not divide 2^32', () => {
    // Three quarters of 2^32: without rejection the lower third would come twice as often as the rest.
    const random = Random.fromSeed(7);
    const count = 3 * 2 ** 30;
    const thirds = [0, 0, 0];
    for (let draw = 0; draw < 30_000; draw++) thirds[Math.floor((3 * random.integer(count)) / count)]! += 1;
    for (const third of thirds) expect(Math.abs(third - 10_000)).toBeLessThan(5 * Math.sqrt(10_000 * (2 / 3)));
  });

  it.each([0, -1, 1.5, 2 ** 32 + 1])('refuses %d choices', (count) => {
    expect(() => Random.fromSeed(0).integer(count)).toThrow(RangeError);
  });
});

describe('choice', () => {
  it('never takes an index of weight zero', () => {
    const random = Random.fromSeed(8);
    const cumulative = cumulativeWeights([0, 1, 0, 3, 0]);
    const counts = [0, 0, 0, 0, 0];
    for (let draw = 0; draw < 4000; draw++) counts[random.choice(cumulative)]! += 1;
    expect([counts[0], counts[2], counts[4]]).toEqual([0, 0, 0]);
    expect(Math.abs(counts[1]! - 1000)).toBeLessThan(5 * Math.sqrt(4000 * 0.25 * 0.75));
  });

  it.each([[[]], [[0, 0]], [[1, -1]], [[1, Number.NaN]], [[Infinity]]])('refuses the weights %j', (weights) => {
    expect(() => cumulativeWeights(weights)).toThrow(RangeError);
  });
});

describe('normal', () => {
  it('has the moments and the tails of the standard normal distribution', () => {
    const count = 1_000_000;
    const random = Random.fromSeed(9);
    const sums = [0, 0, 0, 0];
    let beyondTwo = 0;
    let beyondTail = 0;
    for (let draw = 0; draw < count; draw++) {
      const x = random.normal();
      sums[0]! += x;
      sums[1]! += x ** 2;
      sums[2]! += x ** 3;
      sums[3]! += x ** 4;
      if (Math.abs(x) > 2) beyondTwo++;
      if (Math.abs(x) > 3.6541528853610088) beyondTail++;
    }
    const [mean, square, cube, fourth] = sums.map((sum) => sum / count);
    // Five standard errors; the variances of x, x², x³, x⁴ are 1, 2, 15, 96.
    expect(Math.abs(mean!)).toBeLessThan(5 * Math.sqrt(1 / count));
    expect(Math.abs(square! - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
    expect(Math.abs(cube!)).toBeLessThan(5 * Math.sqrt(15 / count));
    expect(Math.abs(fourth! - 3)).toBeLessThan(5 * Math.sqrt(96 / count));
    expect(Math.abs(beyondTwo - 0.04550026 * count)).toBeLessThan(5 * Math.sqrt(0.0455 * count));
    expect(Math.abs(beyondTail - 0.00025803 * count)).toBeLessThan(5 * Math.sqrt(0.000258 * count));
  });

  it('follows the distribution function everywhere', () => {
    // Kolmogorov–Smirnov: the largest distance between the empirical and the exact distribution function.
    const values = Float64Array.from(
      { length: 100_000 },
      function draw(this: Random) {
        return this.normal();
      },
      Random.fromSeed(10),
    ).sort();
    let distance = 0;
    values.forEach((x, rank) => {
      distance = Math.max(distance, Math.abs(normalDistribution(x) - (rank + 0.5) / values.length));
    });
    expect(distance * Math.sqrt(values.length)).toBeLessThan(1.95); // exceeded by chance once in a thousand seeds
  });
});

describe('fillTruncatedNormal', () => {
  it.each([
    [3, 1],
    [2, 0.02],
    [0.5, 1],
  ])('stays within %d deviations and has the variance of the truncated distribution', (cutoff, std) => {
    const out = new Float32Array(400_000);
    Random.fromSeed(11).fillTruncatedNormal(out, std, cutoff);
    const limit = Math.fround(cutoff * std);
    expect(out.every((value) => Math.abs(value) <= limit)).toBe(true);
    // Var = 1 − 2cφ(c) / (2Φ(c) − 1) for cut-offs at ±c.
    const density = Math.exp(-(cutoff ** 2) / 2) / Math.sqrt(2 * Math.PI);
    const variance = 1 - (2 * cutoff * density) / (2 * normalDistribution(cutoff) - 1);
    const measured = out.reduce((sum, value) => sum + (value / std) ** 2, 0) / out.length;
    const mean = out.reduce((sum, value) => sum + value / std, 0) / out.length;
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(variance / out.length));
    expect(Math.abs(measured - variance)).toBeLessThan(5 * Math.sqrt(2 / out.length) * variance);
  });

  it('is pinned: parameters of a seed are the same on every platform and in every version', () => {
    const out = new Float32Array(1000);
    Random.fromSeed(12).fillTruncatedNormal(out, 1, 3);
    const words = new Int32Array(out.buffer);
    const checksum = words.reduce((hash, word) => (Math.imul(hash, 31) + word) | 0, 0);
    expect(checksum).toBe(-17_114_337);
  });

  it('advances the generator by the same amount for every length', () => {
    const [short, long] = [Random.fromSeed(13), Random.fromSeed(13)];
    short.fillTruncatedNormal(new Float32Array(1), 1, 3);
    long.fillTruncatedNormal(new Float32Array(1000), 1, 3);
    expect(short.state()).toEqual(long.state());
  });

  it('refuses a cut-off that nothing lies within', () => {
    expect(() => Random.fromSeed(0).fillTruncatedNormal(new Float32Array(1), 1, 0)).toThrow(RangeError);
  });
});

/** Φ(x) by its Taylor-like series around 0 (G. Marsaglia, "Evaluating the Normal Distribution", 2004). */
function normalDistribution(x: number): number {
  let sum = x;
  let term = x;
  for (let k = 3; Math.abs(term) > 1e-17; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}
