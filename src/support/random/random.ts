import { multiplyHigh, Pcg64, type RandomState } from './pcg64.js';
import { Xoshiro128 } from './xoshiro128.js';
import { standardNormal } from './ziggurat.js';

/** Anything with elements that `shuffle` can exchange: arrays and typed arrays. */
interface Exchangeable<T> {
  readonly length: number;
  [index: number]: T;
}

/**
 * Random numbers that are a function of their seed alone, on every platform. Uniforms, bounded integers, weighted
 * choices and shuffles give the numbers of numpy's `default_rng(seed)`; normal values are our own (numpy's are not
 * specified across versions). Nothing is allocated per draw.
 */
export class Random {
  private constructor(private readonly words: Pcg64) {}

  /**
   * @param entropy one or more non-negative integers of any size; numpy's `default_rng([…entropy])`.
   * @throws RangeError if one is negative, fractional or too large to be exact.
   */
  static fromSeed(...entropy: (number | bigint)[]): Random {
    return new Random(Pcg64.fromSeed(entropy));
  }

  /** @throws RangeError if this is not a state that `state()` can have returned. */
  static fromState(state: RandomState): Random {
    return new Random(Pcg64.restore(state));
  }

  /** Everything that determines the numbers to come, as small JSON. */
  state(): RandomState {
    return this.words.snapshot();
  }

  /** The next 64 bits; for seeds and tests, since BigInt is slow. */
  nextUint64(): bigint {
    this.words.advance();
    return (BigInt(this.words.high >>> 0) << 32n) | BigInt(this.words.low >>> 0);
  }

  /** The next 32 bits, unsigned. */
  nextUint32(): number {
    return this.words.nextInt32() >>> 0;
  }

  /** Uniform in [0, 1), a multiple of 2^-53. */
  uniform(): number {
    this.words.advance();
    return ((this.words.high >>> 0) * 2 ** 21 + (this.words.low >>> 11)) * 2 ** -53;
  }

  /**
   * Uniform in 0 … count − 1 (D. Lemire, "Fast Random Integer Generation in an Interval", 2019).
   * @throws RangeError if `count` is not an integer in 1 … 2^32.
   */
  integer(count: number): number {
    if (!Number.isInteger(count) || count < 1 || count > 2 ** 32) {
      throw new RangeError(`the number of choices must be an integer in 1 … 2^32, got ${count}`);
    }
    if (count === 1) return 0;
    if (count === 2 ** 32) return this.nextUint32();
    let word = this.words.nextInt32();
    if (Math.imul(word, count) >>> 0 < count) {
      const threshold = (2 ** 32 - count) % count;
      while (Math.imul(word, count) >>> 0 < threshold) word = this.words.nextInt32();
    }
    return multiplyHigh(word, count) >>> 0;
  }

  /** An index of `cumulative`, which `cumulativeWeights` made, with the probability of its weight. */
  choice(cumulative: ArrayLike<number>): number {
    const target = this.uniform();
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle]! > target) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Orders the items at random, in place. */
  shuffle<T>(items: Exchangeable<T>): void {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.upTo(last);
      const moved = items[last]!;
      items[last] = items[other]!;
      items[other] = moved;
    }
  }

  /** A value of the standard normal distribution. */
  normal(): number {
    return standardNormal(this.words);
  }

  /**
   * Fills `out` with values of mean 0 and standard deviation `std` before truncation, drawing those again that lie
   * more than `cutoff` standard deviations from 0. Advances this generator by 128 bits, whatever the length of `out`.
   *
   * @param cutoff in standard deviations, above 0; drawing again is slow for cut-offs far below 1.
   */
  fillTruncatedNormal(out: Float32Array, std: number, cutoff: number): void {
    if (!(cutoff > 0)) throw new RangeError(`the cut-off must be positive, got ${cutoff}`);
    const words = new Xoshiro128(this.words);
    for (let index = 0; index < out.length; index++) {
      let value = standardNormal(words);
      while (value > cutoff || value < -cutoff) value = standardNormal(words);
      out[index] = value * std;
    }
  }

  /** Uniform in 0 … limit, by drawing again what a mask of just enough bits leaves above it. */
  private upTo(limit: number): number {
    const mask = 0xffffffff >>> Math.clz32(limit);
    let value: number;
    do value = (this.words.nextInt32() & mask) >>> 0;
    while (value > limit);
    return value;
  }
}

/**
 * The running sums of the weights, scaled so that the last is 1.
 * @throws RangeError if a weight is negative or not finite, or all are 0.
 */
export function cumulativeWeights(weights: readonly number[]): Float64Array {
  const sums = new Float64Array(weights.length);
  let total = 0;
  weights.forEach((weight, index) => {
    if (!(weight >= 0 && weight < Infinity)) throw new RangeError(`a weight must be 0 or more, got ${weight}`);
    total += weight;
    sums[index] = total;
  });
  if (!(total > 0 && total < Infinity)) throw new RangeError('at least one weight must be above 0');
  return sums.map((sum) => sum / total);
}
