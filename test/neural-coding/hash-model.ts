import type { FrequencyModel } from '../../src/neural-coding/byte-model.js';

/**
 * Byte models in integers, made of hashes of the prefix: the same on every machine, of any shape, trained on nothing.
 *
 * uniform: every byte alike. flat: random weights. skewed: weights fall by powers of two, in an order that changes with the
 * prefix. certain: one byte has all that the others can spare.
 */
export const HASH_MODEL_SHAPES = ['uniform', 'flat', 'skewed', 'certain'] as const;
export type HashModelShape = (typeof HASH_MODEL_SHAPES)[number];

export interface HashModel extends FrequencyModel {
  /** The frequencies after one prefix. */
  after(prefix: Uint8Array): Uint32Array;
  /** A text of `length` bytes drawn from the model, which begins a new window after 16 bytes on average. */
  sample(length: number): Uint8Array;
}

const BYTES = 256;
const FREQUENCY_BITS = 16;

export function hashModel(shape: HashModelShape, windowBits: number, seed = 1): HashModel {
  const after = (prefix: Uint8Array) => {
    const bits = prefix.length === 0 ? Math.min(windowBits, FREQUENCY_BITS) : FREQUENCY_BITS;
    const scale = 2 ** (FREQUENCY_BITS - bits);
    return shared(weights(shape, generator(prefix, seed)), 2 ** bits).map((frequency) => frequency * scale);
  };
  return {
    fingerprint: `hash:${shape}:${windowBits}:${seed}`,
    after,
    async frequencies(prefixes) {
      const frequencies = new Uint32Array(prefixes.length * BYTES);
      for (const [row, prefix] of prefixes.entries()) frequencies.set(after(prefix), row * BYTES);
      return frequencies;
    },
    sample(length) {
      const next = generator(new Uint8Array(0), seed + 1);
      const text = new Uint8Array(length);
      let start = 0;
      for (let i = 0; i < length; i++) {
        if (next() % 16 === 0) start = i;
        const frequencies = after(text.subarray(start, i));
        let left = next() % 2 ** FREQUENCY_BITS;
        let byte = 0;
        while (left >= frequencies[byte]!) left -= frequencies[byte++]!;
        text[i] = byte;
      }
      return text;
    },
  };
}

const WEIGHT: Readonly<Record<HashModelShape, (random: number, favourite: boolean) => number>> = {
  uniform: () => 1,
  flat: (random) => random % 1000,
  skewed: (random) => 2 ** (random % 16),
  certain: (_random, favourite) => (favourite ? 1 : 0),
};

function weights(shape: HashModelShape, next: () => number): Float64Array {
  const favourite = next() % BYTES;
  const weightOf = WEIGHT[shape];
  const drawn = new Float64Array(BYTES);
  for (let byte = 0; byte < BYTES; byte++) drawn[byte] = weightOf(next(), byte === favourite);
  return drawn;
}

/** 1 for every byte, the rest by weight, what rounding leaves to the heaviest. */
function shared(weights: Float64Array, total: number): Uint32Array {
  let sum = 0;
  let heaviest = 0;
  for (let byte = 0; byte < BYTES; byte++) {
    sum += weights[byte]!;
    if (weights[byte]! > weights[heaviest]!) heaviest = byte;
  }
  const frequencies = new Uint32Array(BYTES);
  let left = total;
  for (let byte = 0; byte < BYTES; byte++) {
    frequencies[byte] = 1 + Math.floor((weights[byte]! * (total - BYTES)) / sum);
    left -= frequencies[byte]!;
  }
  frequencies[heaviest]! += left;
  return frequencies;
}

/** Numbers of 32 bits that depend on every byte of the prefix: FNV-1a, then steps of a Weyl sequence through a mixer. */
function generator(prefix: Uint8Array, seed: number): () => number {
  let state = 0x811c9dc5 ^ seed;
  for (const byte of prefix) state = Math.imul(state ^ (byte + 1), 0x01000193);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
}
