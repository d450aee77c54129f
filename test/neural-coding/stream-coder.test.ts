import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamCoder } from '../../src/neural-coding/stream-coder.js';
import { CompressorError } from '../../src/support/errors.js';
import { randomPortableModel } from './random-byte-model.js';

const model = randomPortableModel(11, { hiddenSize: 8, intermediateSize: 8, layers: 1 });
const coder = () => new StreamCoder(model);
const text = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * i + (i >> 3)) % 251);

describe('streams under a model of the next byte', () => {
  it('give back any bytes, past the ends of contexts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 70 }), async (bytes) => {
        expect(await coder().decode(await coder().encode(bytes), bytes.length)).toEqual(bytes);
      }),
      { numRuns: 25 },
    );
  });

  it.each([0, 1, 8191, 8193])('give back %i bytes, in one stream or several', async (length) => {
    const bytes = text(length);
    expect(await coder().decode(await coder().encode(bytes), length)).toEqual(bytes);
  });

  it('take at most 0.1 % and 32 bits a stream more than under the quantised frequencies, and tell what each costs', async () => {
    const streams = coder();
    const code = await streams.encode(text(9000));
    const { model: exact, quantised, coded } = streams.costs;
    // Two streams, with the length of each.
    expect(code.length).toBe(coded / 8 + 2 * 4);
    expect(coded).toBeLessThanOrEqual(1.001 * quantised + 2 * 32);
    expect(coded).toBeGreaterThanOrEqual(quantised);
    // A frequency is at least the floor of p · (2^24 − 256): at most 256/2^24 of its share are lost, and one unit.
    expect(Math.abs(quantised - exact)).toBeLessThan(0.001 * exact);
  });

  it('refuse codes that are cut short or too long', async () => {
    const code = await coder().encode(text(9000));
    await expect(coder().decode(code.subarray(0, -1), 9000)).rejects.toThrow('the code of stream 2 of 2 is cut short');
    await expect(coder().decode(code.subarray(0, 2), 9000)).rejects.toThrow('the code of stream 1 of 2 is cut short');
    await expect(coder().decode(Buffer.concat([code, Buffer.of(0)]), 9000)).rejects.toThrow(CompressorError);
  });

  it('stop when they are asked to', async () => {
    const stop = new AbortController();
    const advanced = (bytes: number): void => {
      if (bytes > 100) stop.abort(new Error('enough'));
    };
    await expect(coder().encode(text(5000), { signal: stop.signal, advanced })).rejects.toThrow('enough');
  });
});
