import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ProbabilityModel } from '../../src/neural-coding/byte-model.js';
import { compileCodebook } from '../../src/neural-coding/compile-codebook.js';
import { quantised } from '../../src/neural-coding/frequencies.js';
import type { WindowCoder } from '../../src/neural-coding/parameters.js';
import { QuantisationLoss } from '../../src/neural-coding/quantisation-loss.js';
import { hashModel } from './hash-model.js';

const provenance = { source: 'custom', modelFingerprint: 'hash', corpus: 'none' } as const;

/** Probabilities with many more digits than 16 bits hold, a quarter of them 0, from a hash of the prefix. */
const floats: ProbabilityModel = {
  fingerprint: 'hashed floats',
  async probabilities(prefixes) {
    return Float64Array.from(prefixes.flatMap((prefix) => [...distribution(prefix)]));
  },
};

function distribution(prefix: Uint8Array): Float64Array {
  const digest = createHash('sha512').update(prefix).digest();
  const weights = Float64Array.from({ length: 256 }, (_, byte) => {
    const drawn = digest[byte % 64]! ^ byte;
    return drawn % 4 === 0 ? 0 : 2 ** -(drawn / 16);
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

async function lossOf(coder: WindowCoder) {
  const loss = new QuantisationLoss();
  const model = quantised(floats, 12);
  const codebook = await compileCodebook(model, { coder, windowBits: 12 }, { provenance, loss });
  return { loss, model, codebook };
}

/** The strings of a trie in preorder, the empty one first. */
function stringsOf({ bytes, childCounts }: { bytes: Uint8Array; childCounts: Uint16Array }): Uint8Array[] {
  const strings: Uint8Array[] = [];
  const path: { text: number[]; left: number }[] = [];
  for (const [node, byte] of bytes.entries()) {
    while (path.at(-1)?.left === 0) path.pop();
    const parent = path.at(-1);
    if (parent !== undefined) parent.left--;
    const text = parent === undefined ? [] : [...parent.text, byte];
    strings.push(Uint8Array.from(text));
    path.push({ text, left: childCounts[node]! });
  }
  return strings;
}

describe('the loss by rounding to 16 bits', () => {
  it('is the relative entropy of what a window reads, by the chain rule over its strings', async () => {
    const { loss, model, codebook } = await lossOf('strict');
    let bits = 0;
    let bytes = 0;
    for (const text of stringsOf(codebook)) {
      if (text.length === 64) continue;
      let likelihood = 1;
      for (const [at, byte] of text.entries()) likelihood *= distribution(text.subarray(0, at))[byte]!;
      const frequencies = await model.frequencies([text]);
      const divergence = distribution(text).reduce(
        (sum, p, byte) => sum + (p === 0 ? 0 : p * (Math.log2(p) - Math.log2(frequencies[byte]! / 65_536))),
        0,
      );
      bits += likelihood * divergence;
      bytes += likelihood;
    }
    expect(loss.perWindow).toBeCloseTo(bits, 10);
    expect(loss.perByte).toBeCloseTo(bits / bytes, 10);
  });

  it.each(['strict', 'dense'] as const)('is above 0, and a few thousandths of a bit a byte (%s)', async (coder) => {
    const { loss } = await lossOf(coder);
    // All but 256 of the 2^12 units of the first byte, and of the 2^16 of others, are shared out by probability.
    expect(loss.perByte).toBeGreaterThan(0);
    expect(loss.perByte).toBeLessThan(-Math.log2(1 - 256 / 4096));
    expect(loss.perWindow).toBeGreaterThan(loss.perByte);
  });

  it('is 0 where nothing was rounded: of a model in integers', async () => {
    const loss = new QuantisationLoss();
    await compileCodebook(hashModel('skewed', 12), { coder: 'strict', windowBits: 12 }, { provenance, loss });
    expect([loss.perWindow, loss.perByte]).toEqual([0, 0]);
  });
});
