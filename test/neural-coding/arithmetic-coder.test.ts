import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArithmeticDecoder, ArithmeticEncoder } from '../../src/neural-coding/arithmetic-coder.js';
import { CompressorError } from '../../src/support/errors.js';

/** A message with the model of each of its symbols: cumulative frequencies of a few symbols. */
interface Message {
  bits: number;
  models: Uint32Array[];
  symbols: number[];
}

function encode({ bits, models, symbols }: Message): Uint8Array {
  const encoder = new ArithmeticEncoder(bits);
  symbols.forEach((symbol, i) => {
    encoder.encode(models[i]![symbol]!, models[i]![symbol + 1]!);
  });
  return encoder.finish();
}

function decode(code: Uint8Array, { bits, models }: Pick<Message, 'bits' | 'models'>): number[] {
  const decoder = new ArithmeticDecoder(code, bits);
  return models.map((cumulative) => decoder.decode(cumulative, 0, cumulative.length - 1));
}

/** Σ −log₂ f/2^bits: what an ideal coder needs. */
const entropy = ({ bits, models, symbols }: Message): number =>
  symbols.reduce((sum, symbol, i) => sum + bits - Math.log2(models[i]![symbol + 1]! - models[i]![symbol]!), 0);

const cumulativeOf = (frequencies: readonly number[]): Uint32Array => {
  const cumulative = new Uint32Array(frequencies.length + 1);
  frequencies.forEach((frequency, i) => {
    cumulative[i + 1] = cumulative[i]! + frequency;
  });
  return cumulative;
};

/** 256 frequencies of at least 1 from arbitrary weights; the rest of the total goes to one symbol. */
function quantised(weights: readonly number[], most: number, bits: number): Uint32Array {
  const spare = 2 ** bits - 256;
  const sum = weights.reduce((total, weight) => total + weight, 0) || 1;
  const frequencies = weights.map((weight) => 1 + Math.floor((weight / sum) * spare));
  frequencies[most]! += 2 ** bits - frequencies.reduce((total, frequency) => total + frequency, 0);
  return cumulativeOf(frequencies);
}

const distribution = (bits: number): fc.Arbitrary<Uint32Array> =>
  fc.oneof(
    fc.constant(cumulativeOf(new Array<number>(256).fill(2 ** bits / 256))),
    // One symbol with all of the mass but 255.
    fc.nat({ max: 255 }).map((most) => quantised(new Array<number>(256).fill(0), most, bits)),
    fc
      .tuple(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 256, maxLength: 256 }), fc.nat(255))
      .map(([weights, most]) => quantised(weights, most, bits)),
  );

const message = (maxLength: number): fc.Arbitrary<Message> =>
  fc.constantFrom(16, 24).chain((bits) =>
    fc.array(fc.tuple(distribution(bits), fc.nat(255), fc.boolean()), { maxLength }).map((steps) => ({
      bits,
      models: steps.map(([model]) => model),
      // Either any symbol, or the most frequent one, which costs next to nothing.
      symbols: steps.map(([model, symbol, frequent]) => (frequent ? mostFrequent(model) : symbol)),
    })),
  );

function mostFrequent(cumulative: Uint32Array): number {
  let most = 0;
  for (let symbol = 1; symbol < cumulative.length - 1; symbol++)
    if (cumulative[symbol + 1]! - cumulative[symbol]! > cumulative[most + 1]! - cumulative[most]!) most = symbol;
  return most;
}

describe('arithmetic coding', () => {
  it('gives back any symbols under any distributions', () => {
    fc.assert(
      fc.property(message(60), (given) => {
        expect(decode(encode(given), given)).toEqual(given.symbols);
      }),
      { numRuns: 150 },
    );
  });

  it('takes at most 0.1 % and 32 bits more than the entropy under the quantised distributions', () => {
    fc.assert(
      fc.property(message(60), (given) => {
        expect(8 * encode(given).length).toBeLessThanOrEqual(1.001 * entropy(given) + 32);
      }),
      { numRuns: 150 },
    );
  });

  it.each([16, 24])('stays within that over 100,000 symbols, near-certain ones and the rarest, at %i bits', (bits) => {
    const certain = quantised(new Array<number>(256).fill(0), 7, bits);
    const uniform = cumulativeOf(new Array<number>(256).fill(2 ** bits / 256));
    for (const [model, symbolAt] of [
      [certain, () => 7],
      [certain, (i: number) => i % 256],
      [uniform, (i: number) => (i * 97) % 256],
    ] as const) {
      const symbols = Array.from({ length: 100_000 }, (_, i) => symbolAt(i));
      const given = { bits, symbols, models: symbols.map(() => model) };
      const code = encode(given);
      expect(8 * code.length).toBeLessThanOrEqual(1.001 * entropy(given) + 32);
      expect(decode(code, given)).toEqual(symbols);
    }
  });

  it('carries through a run of bytes of 255', () => {
    // The middle third again and again narrows towards one half: 0x7fff… until a last symbol decides.
    const thirds = cumulativeOf([21_845, 21_846, 21_845]);
    for (const last of [0, 2]) {
      const symbols = [...new Array<number>(200).fill(1), last];
      const given = { bits: 16, symbols, models: symbols.map(() => thirds) };
      expect(decode(encode(given), given)).toEqual(symbols);
    }
  });

  it('codes nothing as one byte, and the first symbol of all as bytes of zero', () => {
    expect(new ArithmeticEncoder(16).finish()).toEqual(new Uint8Array(1));
    const halves = cumulativeOf([2 ** 15, 2 ** 15]);
    const symbols = new Array<number>(1000).fill(0);
    const given = { bits: 16, symbols, models: symbols.map(() => halves) };
    expect(encode(given)).toEqual(new Uint8Array(125));
    expect(decode(encode(given), given)).toEqual(symbols);
  });

  it('decodes any bytes to some symbols, or refuses them as cut short', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), message(60), (code, given) => {
        try {
          for (const symbol of decode(code, given)) expect(symbol).toBeLessThan(256);
        } catch (error) {
          expect(error).toBeInstanceOf(CompressorError);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('refuses a code that was cut short, once what it holds has run out', () => {
    const uniform = cumulativeOf(new Array<number>(256).fill(256));
    const symbols = Array.from({ length: 100 }, (_, i) => i + 1);
    const given = { bits: 16, symbols, models: symbols.map(() => uniform) };
    expect(() => decode(encode(given).subarray(0, 50), given)).toThrow('the arithmetic code ends before its text does');
  });

  it('refuses empty shares and totals that it cannot hold', () => {
    expect(() => new ArithmeticEncoder(16).encode(5, 5)).toThrow(RangeError);
    expect(() => new ArithmeticEncoder(25)).toThrow(RangeError);
  });
});
