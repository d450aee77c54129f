import type { Pcg64 } from './pcg64.js';

/** A source of 32 random bits at a time, as signed integers. */
export interface Words {
  nextInt32(): number;
}

/**
 * xoshiro128++ of D. Blackman and S. Vigna, "Scrambled Linear Pseudorandom Number Generators" (2021): a quick stream
 * for filling large arrays, five times faster than PCG64 where there are only 32-bit multiplications.
 */
export class Xoshiro128 implements Words {
  private s0 = 0;
  private s1 = 0;
  private s2 = 0;
  private s3 = 0;

  /** Begins at a state drawn from `seed`, which advances by 128 bits. */
  constructor(seed: Pcg64) {
    // All zeros, the one state that never leaves itself, comes up once in 2^128 seeds.
    while ((this.s0 | this.s1 | this.s2 | this.s3) === 0) {
      seed.advance();
      this.s0 = seed.low;
      this.s1 = seed.high;
      seed.advance();
      this.s2 = seed.low;
      this.s3 = seed.high;
    }
  }

  nextInt32(): number {
    const { s0, s1, s2, s3 } = this;
    const sum = (s0 + s3) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + s0) | 0;
    const x2 = s2 ^ s0;
    const x3 = s3 ^ s1;
    this.s1 = s1 ^ x2;
    this.s0 = s0 ^ x3;
    this.s2 = x2 ^ (s1 << 9);
    this.s3 = (x3 << 11) | (x3 >>> 21);
    return result;
  }
}
