import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openPortableModel } from '../../src/neural-coding/portable-model-file.js';
import { portableProbabilities } from '../../src/neural-coding/portable-model-probabilities.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { randomPortableModel, randomWeights, saveByteModel } from './random-byte-model.js';

describe('distributions after prefixes', () => {
  it('are those of the model, whatever prefixes share a call', async () => {
    const model = randomPortableModel(3);
    const asked = portableProbabilities(model);
    const prefixes = fc.array(fc.uint8Array({ maxLength: 15 }), { maxLength: 11 });
    await fc.assert(
      fc.asyncProperty(prefixes, async (given) => {
        const rows = await asked.probabilities(given);
        expect(rows.length).toBe(256 * given.length);
        for (const [index, prefix] of given.entries()) {
          const contexts = model.contexts(1);
          contexts.begin();
          for (const byte of prefix) contexts.read(Uint8Array.of(byte));
          contexts.predict();
          expect(rows.slice(256 * index, 256 * (index + 1))).toEqual(contexts.probabilities);
        }
      }),
      { numRuns: 15 },
    );
  });

  it('are refused after more bytes than its context holds', async () => {
    const asked = portableProbabilities(randomPortableModel(4));
    const failing = asked.probabilities([new Uint8Array(16), new Uint8Array(3)]);
    await expect(failing).rejects.toThrow('a prefix of 16 bytes is longer than the 15 of the model');
  });

  it('sum to one', async () => {
    const rows = await portableProbabilities(randomPortableModel(4)).probabilities([Uint8Array.of(1, 2)]);
    expect(rows.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
  });
});

describe('a checkpoint as a portable model', () => {
  it('gives what its weights give, and a fingerprint of them', async () => {
    const [one, two, again] = [5, 6, 5].map((seed, i) => ({ seed, path: join(temporaryDirectory(), `${i}`) }));
    for (const { seed, path } of [one!, two!, again!]) await saveByteModel(path, randomWeights(seed));
    const opened = await openPortableModel(one!.path);
    const prefixes = [Uint8Array.of(65, 66)];
    expect(await portableProbabilities(opened).probabilities(prefixes)).toEqual(
      await portableProbabilities(randomPortableModel(5)).probabilities(prefixes),
    );
    expect((await openPortableModel(again!.path)).fingerprint).toBe(opened.fingerprint);
    expect((await openPortableModel(two!.path)).fingerprint).not.toBe(opened.fingerprint);
  });
});
