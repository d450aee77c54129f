import { seedSequence } from './seed-sequence.js';

/**
 * PCG64 (XSL-RR 128/64) of M. O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for
 * Random Number Generation" (2014), with the word order and buffering of numpy's bit generator of that name.
 *
 * The 128-bit state is four 32-bit limbs, lowest first: BigInt is some fifty times slower.
 */

/** Everything that determines the numbers to come; small JSON, 128-bit integers in decimal. */
export interface RandomState {
  state: string;
  increment: string;
  /** The upper half of the last 64-bit number, kept for the next 32-bit draw; null when there is none. */
  buffered: number | null;
}

const MULTIPLIER = (2549297995355413924n << 64n) | 4865540595714422341n;
const [M0, M1, M2, M3] = limbsOf(MULTIPLIER) as unknown as [number, number, number, number];
const TWO_32 = 2 ** 32;
const TWO_128 = 1n << 128n;

export class Pcg64 {
  /** Upper and lower half of the number that `advance` drew last, as signed 32-bit integers. */
  high = 0;
  low = 0;
  private readonly state: Int32Array;
  private readonly increment: Int32Array;
  private buffered = 0;
  private hasBuffered = false;

  private constructor(state: bigint, increment: bigint) {
    this.state = limbsOf(state);
    this.increment = limbsOf(increment);
  }

  static fromSeed(entropy: readonly (number | bigint)[]): Pcg64 {
    const words = seedSequence(entropy, 8);
    const word64 = (index: number) => BigInt(words[2 * index]!) | (BigInt(words[2 * index + 1]!) << 32n);
    const start = (word64(0) << 64n) | word64(1);
    const stream = (word64(2) << 64n) | word64(3);
    const increment = ((stream << 1n) | 1n) % TWO_128;
    // The state steps once from zero, takes in the seed, and steps again.
    return new Pcg64(((increment + start) * MULTIPLIER + increment) % TWO_128, increment);
  }

  /** @throws RangeError if this is not a state that `snapshot` can have returned. */
  static restore({ state, increment, buffered }: RandomState): Pcg64 {
    const restored = new Pcg64(parse128(state, 'state'), parse128(increment, 'increment'));
    if ((restored.increment[0]! & 1) === 0) throw new RangeError('the increment of a PCG64 state must be odd');
    if (buffered !== null) {
      if (buffered >>> 0 !== buffered) throw new RangeError('the buffered word of a PCG64 state must have 32 bits');
      restored.buffered = buffered | 0;
      restored.hasBuffered = true;
    }
    return restored;
  }

  snapshot(): RandomState {
    return {
      state: bigintOf(this.state).toString(),
      increment: bigintOf(this.increment).toString(),
      buffered: this.hasBuffered ? this.buffered >>> 0 : null,
    };
  }

  /** Draws 64 bits into `high` and `low`. */
  advance(): void {
    const { state, increment } = this;
    const s0 = state[0]!;
    const s1 = state[1]!;
    const s2 = state[2]!;
    const s3 = state[3]!;

    // state · MULTIPLIER + increment modulo 2^128, column by column; a column's sum is below 2^36, exact in doubles.
    const column0 = (Math.imul(s0, M0) >>> 0) + (increment[0]! >>> 0);
    const column1 =
      Math.floor(column0 / TWO_32) +
      (increment[1]! >>> 0) +
      (multiplyHigh(s0, M0) >>> 0) +
      (Math.imul(s0, M1) >>> 0) +
      (Math.imul(s1, M0) >>> 0);
    const column2 =
      Math.floor(column1 / TWO_32) +
      (increment[2]! >>> 0) +
      (multiplyHigh(s0, M1) >>> 0) +
      (multiplyHigh(s1, M0) >>> 0) +
      (Math.imul(s0, M2) >>> 0) +
      (Math.imul(s1, M1) >>> 0) +
      (Math.imul(s2, M0) >>> 0);
    const column3 =
      Math.floor(column2 / TWO_32) +
      increment[3]! +
      multiplyHigh(s0, M2) +
      multiplyHigh(s1, M1) +
      multiplyHigh(s2, M0) +
      Math.imul(s0, M3) +
      Math.imul(s1, M2) +
      Math.imul(s2, M1) +
      Math.imul(s3, M0);
    const n0 = column0 | 0;
    const n1 = column1 | 0;
    const n2 = column2 | 0;
    const n3 = column3 | 0;
    state[0] = n0;
    state[1] = n1;
    state[2] = n2;
    state[3] = n3;

    // Output: fold the halves together and rotate right by the top six bits.
    const foldedHigh = n3 ^ n1;
    const foldedLow = n2 ^ n0;
    const rotation = n3 >>> 26;
    const swapped = rotation >= 32;
    const a = swapped ? foldedLow : foldedHigh;
    const b = swapped ? foldedHigh : foldedLow;
    const bits = rotation & 31;
    // A shift by 32 is a shift by 0 in JavaScript, so bits = 0 needs the two-step shift.
    this.high = (a >>> bits) | ((b << 1) << (31 - bits));
    this.low = (b >>> bits) | ((a << 1) << (31 - bits));
  }

  /** 32 bits as a signed integer: the lower half of a fresh 64-bit number, then its upper half. */
  nextInt32(): number {
    if (this.hasBuffered) {
      this.hasBuffered = false;
      return this.buffered;
    }
    this.advance();
    this.buffered = this.high;
    this.hasBuffered = true;
    return this.low;
  }
}

/** Upper 32 bits of the unsigned product of two 32-bit integers, as a signed integer. */
export function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const cross1 = Math.imul(aHigh, bLow);
  const cross2 = Math.imul(aLow, bHigh);
  const middle = (Math.imul(aLow, bLow) >>> 16) + (cross1 & 0xffff) + (cross2 & 0xffff);
  return (Math.imul(aHigh, bHigh) + (cross1 >>> 16) + (cross2 >>> 16) + (middle >>> 16)) | 0;
}

function limbsOf(value: bigint): Int32Array {
  return Int32Array.from({ length: 4 }, (_, index) => Number(BigInt.asIntN(32, value >> BigInt(32 * index))));
}

function bigintOf(limbs: Int32Array): bigint {
  return limbs.reduceRight((value, limb) => (value << 32n) | BigInt(limb >>> 0), 0n);
}

function parse128(text: string, field: string): bigint {
  const value = /^\d{1,39}$/.test(text) ? BigInt(text) : TWO_128;
  if (value >= TWO_128) throw new RangeError(`the ${field} of a PCG64 state must be a decimal integer below 2^128`);
  return value;
}
