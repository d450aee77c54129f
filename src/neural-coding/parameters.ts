/**
 * Parameters of the window coder (architecture §13). A window is the output of τ bits: the unit interval [0, 2^W) is cut
 * into 2^τ cells, every string of bytes has the sub-interval that arithmetic coding gives it, and a phrase's code is a cell
 * that it owns.
 */

/** F: byte frequencies of a window sum to 2^F. */
export const FREQUENCY_BITS = 16;
export const FREQUENCY_SUM = 2 ** FREQUENCY_BITS;

/** W: width of the unit interval, so that every product of an interval and a frequency is at most 2^52, exact in doubles. */
export const INTERVAL_BITS = 36;

/** Lmax: bytes of the longest phrase. */
export const LONGEST_PHRASE = 64;

/** Windows up to this many bits have a compiled codebook; wider ones are coded with the model in the loop. */
export const WIDEST_COMPILED_WINDOW = 20;

export const COMPILED_WINDOWS = [12, 14, 16, 18, 20] as const;

/**
 * strict: codes are unique and decodable alone. lester: greedy windows with codes that phrases share, as published; decoding
 * needs the ranks in the side data. dense: the most probable strings, numbered.
 */
export const WINDOW_CODERS = ['strict', 'lester', 'dense'] as const;
export type WindowCoder = (typeof WINDOW_CODERS)[number];

/** sparse: codes are cell numbers. compact: the codes in use are renumbered from 0, which saves rows of the model's table. */
export const CODE_NUMBERINGS = ['sparse', 'compact'] as const;
export type CodeNumbering = (typeof CODE_NUMBERINGS)[number];

export interface WindowParameters {
  coder: WindowCoder;
  /** τ, bits of a window. */
  windowBits: number;
}
