import { naturalLog } from '../support/random/natural-log.js';

/**
 * Elementary functions out of additions, multiplications, divisions and comparisons alone, which IEEE 754 rounds exactly.
 * `Math.exp` and its kin may differ in their last bit from one machine to another, and what an arithmetic coder decodes
 * must be what it encoded.
 */

/** ln 2 in two parts: products of the first with whole numbers below 2^20 are exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const SMALLEST_EXPONENT = -1022;
const LARGEST_EXPONENT = 1023;

/** 2^k for k from −1022 to 1023, by doubling and halving. */
const POWERS_OF_TWO = powersOfTwo();

function powersOfTwo(): Float64Array {
  const powers = new Float64Array(LARGEST_EXPONENT - SMALLEST_EXPONENT + 1);
  powers[-SMALLEST_EXPONENT] = 1;
  for (let i = 1 - SMALLEST_EXPONENT; i < powers.length; i++) powers[i] = powers[i - 1]! * 2;
  for (let i = -SMALLEST_EXPONENT - 1; i >= 0; i--) powers[i] = powers[i + 1]! / 2;
  return powers;
}

/** e^x within 2 units in the last place; 0 where the result would not be a normal number, 2^1024 as infinity. */
export function exponential(x: number): number {
  const k = Math.floor(x * Math.LOG2E + 0.5);
  if (!(k >= SMALLEST_EXPONENT)) return 0;
  if (k > LARGEST_EXPONENT) return Number.POSITIVE_INFINITY;
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  // The Taylor series on |r| ≤ ln 2 / 2: the first term left out is below 2^-56.
  let series = 1 + r / 13;
  series = 1 + (r * series) / 12;
  series = 1 + (r * series) / 11;
  series = 1 + r * series * 0.1;
  series = 1 + (r * series) / 9;
  series = 1 + r * series * 0.125;
  series = 1 + (r * series) / 7;
  series = 1 + (r * series) / 6;
  series = 1 + r * series * 0.2;
  series = 1 + r * series * 0.25;
  series = 1 + (r * series) / 3;
  series = 1 + r * series * 0.5;
  series = 1 + r * series;
  return series * POWERS_OF_TWO[k - SMALLEST_EXPONENT]!;
}

/** √x of a positive number by Heron's rule, which falls until it has arrived. */
export function squareRoot(x: number): number {
  let root = Math.max(x, 1);
  for (;;) {
    const next = 0.5 * (root + x / root);
    if (!(next < root)) return root;
    root = next;
  }
}

/** base^exponent of a positive, finite, normal base. */
export const power = (base: number, exponent: number): number => exponential(exponent * naturalLog(base));

/** Cosines and sines of angle · 0, angle · 1, … angle · (count − 1), for an angle of at most 1. */
export function turns(angle: number, count: number): { cosines: Float64Array; sines: Float64Array } {
  const cosines = new Float64Array(count);
  const sines = new Float64Array(count);
  const [cosine, sine] = smallTurn(angle);
  let [c, s] = [1, 0];
  for (let i = 0; i < count; i++) {
    cosines[i] = c;
    sines[i] = s;
    [c, s] = [c * cosine - s * sine, s * cosine + c * sine];
  }
  return { cosines, sines };
}

/** The Taylor series of cosine and sine; up to an angle of 1 the first terms left out are below 2^-65. */
function smallTurn(angle: number): [number, number] {
  const square = angle * angle;
  let cosine = 1;
  let sine = 1;
  for (let n = 20; n >= 2; n -= 2) {
    cosine = 1 - (square / (n * (n - 1))) * cosine;
    sine = 1 - (square / (n * (n + 1))) * sine;
  }
  return [cosine, angle * sine];
}
