import { FREQUENCY_BITS, FREQUENCY_SUM, INTERVAL_BITS, WIDEST_COMPILED_WINDOW } from './parameters.js';

/**
 * The sub-intervals of [0, 2^W) that arithmetic coding gives to strings, without renormalisation or carry. Where W = 36 a
 * product of a width and a cumulative frequency is at most 2^52: doubles are exact. Wider windows take W = τ + 20, in BigInt.
 *
 * An interval is half open, and the cells of a window of τ bits are the 2^τ equal parts of the unit interval.
 */
export interface Interval<N extends number | bigint> {
  /** L, its lowest point. */
  readonly low: N;
  /** R, so that it ends before L + R. */
  readonly width: N;
}

/** The cells first, first + 1 … end − 1; none unless first < end. */
export interface CellRange<N extends number | bigint> {
  readonly first: N;
  readonly end: N;
}

/** The arithmetic of intervals for windows of one size. */
export interface Intervals<N extends number | bigint> {
  /** I(ε). */
  readonly unit: Interval<N>;
  /**
   * I(xb) inside I(x): [L + ⌊R·from/2^F⌋, L + ⌊R·to/2^F⌋).
   *
   * @param from sum of the frequencies of the bytes before b, after x
   * @param to `from` and the frequency of b
   */
  within(interval: Interval<N>, from: number, to: number): Interval<N>;
  /** The cells that lie whole in an interval. */
  cells(interval: Interval<N>): CellRange<N>;
}

/** ⌊R·C/2^F⌋ in doubles, exact for R ≤ 2^36 and C ≤ 2^16. */
export function part(width: number, cumulative: number): number {
  return Math.floor((width * cumulative) / FREQUENCY_SUM);
}

/** Intervals for windows of up to 20 bits. */
export function doubleIntervals(windowBits: number): Intervals<number> {
  if (windowBits > WIDEST_COMPILED_WINDOW) throw new RangeError(`windows of ${windowBits} bits need bigIntervals`);
  const cell = 2 ** (INTERVAL_BITS - windowBits);
  return {
    unit: { low: 0, width: 2 ** INTERVAL_BITS },
    within({ low, width }, from, to) {
      const begin = part(width, from);
      return { low: low + begin, width: part(width, to) - begin };
    },
    cells: ({ low, width }) => ({ first: Math.ceil(low / cell), end: Math.floor((low + width) / cell) }),
  };
}

/** Bits of a cell, and so of the precision left in the narrowest phrase, of windows wider than 20 bits. */
const WIDE_CELL_BITS = 20n;

/** Intervals for windows of any size. */
export function bigIntervals(windowBits: number): Intervals<bigint> {
  const frequencyBits = BigInt(FREQUENCY_BITS);
  return {
    unit: { low: 0n, width: 1n << (BigInt(windowBits) + WIDE_CELL_BITS) },
    within({ low, width }, from, to) {
      const begin = (width * BigInt(from)) >> frequencyBits;
      return { low: low + begin, width: ((width * BigInt(to)) >> frequencyBits) - begin };
    },
    cells: ({ low, width }) => ({
      first: (low + (1n << WIDE_CELL_BITS) - 1n) >> WIDE_CELL_BITS,
      end: (low + width) >> WIDE_CELL_BITS,
    }),
  };
}
