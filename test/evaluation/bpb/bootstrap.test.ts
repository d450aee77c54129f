import { describe, expect, it } from 'vitest';
import { bootstrapInterval } from '../../../src/evaluation/bpb/bootstrap.js';
import { Random } from '../../../src/support/random/index.js';

const options = { samples: 2000, seed: 7 };

describe('the bootstrap interval', () => {
  it('has no width where all documents cost the same per byte', async () => {
    const bytes = Float64Array.of(10, 200, 3, 50);
    const interval = await bootstrapInterval(
      bytes.map((size) => 2 * Math.LN2 * size),
      bytes,
      options,
    );
    expect(interval!.low).toBeCloseTo(2, 12);
    expect(interval!.high).toBeCloseTo(2, 12);
  });

  it('is as wide as theory says for the mean of normal values', async () => {
    const random = Random.fromSeed(3);
    const count = 2000;
    const nats = Float64Array.from({ length: count }, () => (1 + 0.5 * random.normal()) * Math.LN2);
    const interval = await bootstrapInterval(nats, new Float64Array(count).fill(1), options);
    // 1.96 standard errors of the mean to each side.
    const expected = 2 * 1.96 * (0.5 / Math.sqrt(count));
    expect((interval!.high - interval!.low) / expected).toBeGreaterThan(0.9);
    expect((interval!.high - interval!.low) / expected).toBeLessThan(1.1);
  });

  it('covers the truth about as often as it says', async () => {
    const random = Random.fromSeed(5);
    let covered = 0;
    const trials = 300;
    for (let trial = 0; trial < trials; trial++) {
      const bytes = Float64Array.from({ length: 60 }, () => 1 + random.integer(100));
      // Cost per byte is 3 bits on average, whatever the length.
      const nats = bytes.map((size) => (3 + random.normal()) * size * Math.LN2);
      const { low, high } = (await bootstrapInterval(nats, bytes, { samples: 300, seed: trial }))!;
      if (low <= 3 && 3 <= high) covered++;
    }
    expect(covered / trials).toBeGreaterThan(0.88);
    expect(covered / trials).toBeLessThan(0.99);
  });

  it('depends on the seed alone', async () => {
    const nats = Float64Array.from({ length: 50 }, (_, i) => Math.sqrt(i));
    const bytes = Float64Array.from({ length: 50 }, (_, i) => 1 + (i % 7));
    const first = await bootstrapInterval(nats, bytes, options);
    expect(await bootstrapInterval(nats, bytes, options)).toEqual(first);
    expect(await bootstrapInterval(nats, bytes, { ...options, seed: 8 })).not.toEqual(first);
  });

  it('says nothing of fewer than two documents', async () => {
    expect(await bootstrapInterval(Float64Array.of(1), Float64Array.of(1), options)).toBeNull();
  });

  it('stops when it is aborted', async () => {
    const values = new Float64Array(100_000).fill(1);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(bootstrapInterval(values, values, { ...options, signal })).rejects.toThrow('enough');
  });
});
