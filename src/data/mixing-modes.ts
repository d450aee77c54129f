import type { Random } from '../support/random/index.js';
import type { Compression } from './compression-schedule.js';
import type { MixModeName } from './options.js';

/** One run of symbols that stand for a document's text. */
export type Representation = 'raw' | 'compressed';

/**
 * How one document is laid out: the documents that the model sees, each with its blocks in order. Sentinels enclose
 * every block; without them compressed symbols take the ids of raw bytes, as the reference does.
 */
export interface DocumentLayout {
  documents: readonly (readonly Representation[])[];
  sentinels: boolean;
}

export const LAYOUTS = {
  plain_raw: { documents: [['raw']], sentinels: false },
  plain_compressed: { documents: [['compressed']], sentinels: false },
  raw: { documents: [['raw']], sentinels: true },
  compressed: { documents: [['compressed']], sentinels: true },
  translation_raw_compressed: { documents: [['raw', 'compressed']], sentinels: true },
  translation_compressed_raw: { documents: [['compressed', 'raw']], sentinels: true },
  parallel_raw_compressed: { documents: [['raw'], ['compressed']], sentinels: true },
  parallel_compressed_raw: { documents: [['compressed'], ['raw']], sentinels: true },
} as const satisfies Record<string, DocumentLayout>;

export type LayoutName = keyof typeof LAYOUTS;

/** Whether a document shown in this layout has to be encoded. */
export function hasCompressedBlock(layout: LayoutName): boolean {
  return LAYOUTS[layout].documents.some((blocks) => blocks.some((block) => block === 'compressed'));
}

export interface MixMode {
  raw: LayoutName;
  compressed: LayoutName;
  /** Layouts that show both representations, of which one is drawn; none: every document is shown in one. */
  pairs: readonly LayoutName[];
}

const withPairs = (...pairs: LayoutName[]): MixMode => ({ raw: 'raw', compressed: 'compressed', pairs });

/** The mixing modes (behaviour §1.4). */
export const MODES: Readonly<Record<MixModeName, MixMode>> = {
  vanilla: { raw: 'plain_raw', compressed: 'plain_compressed', pairs: [] },
  sentinel: withPairs(),
  translation_raw_compressed: withPairs('translation_raw_compressed'),
  translation_compressed_raw: withPairs('translation_compressed_raw'),
  translation_random: withPairs('translation_raw_compressed', 'translation_compressed_raw'),
  parallel_raw_compressed: withPairs('parallel_raw_compressed'),
  parallel_compressed_raw: withPairs('parallel_compressed_raw'),
  parallel_random: withPairs('parallel_raw_compressed', 'parallel_compressed_raw'),
};

export interface Calibration {
  /** Probability of the draw "compressed". */
  probability: number;
  /** The outcome whose documents are shown as pairs instead. */
  pairsReplace: Representation;
}

/**
 * The probability that makes the compressed share of all blocks equal `rate`.
 *
 * Let x be the rate and κ the size of a compressed block over that of a raw block. Without pairs a document is
 * compressed with probability p, so x = pκ / (pκ + 1 − p). With pairs, either raw draws become pairs,
 * x = κ / (κ + 1 − p), which reaches down to x = κ/(1 + κ); or, below that, compressed draws do,
 * x = pκ / (pκ + 1). Blocks are counted with κ = 1 (the calibration of behaviour §1.4), symbols with the measured κ.
 *
 * @param rate 0 … 1
 * @param sizeRatio κ > 0
 */
export function calibrate(rate: number, sizeRatio: number, paired: boolean): Calibration {
  if (!paired) return { probability: rate / (rate + (1 - rate) * sizeRatio), pairsReplace: 'raw' };
  return rate * (1 + sizeRatio) > sizeRatio
    ? { probability: 1 - (sizeRatio * (1 - rate)) / rate, pairsReplace: 'raw' }
    : { probability: rate / ((1 - rate) * sizeRatio), pairsReplace: 'compressed' };
}

/** Draws the layout of one document: first the order of a pair where it is random, then raw or compressed. */
export function drawLayout({ mode, rate }: Compression, sizeRatio: number, random: Random): LayoutName {
  const { pairs, ...single } = MODES[mode];
  const pair = pairs.length > 1 ? pairs[random.uniform() < 0.5 ? 0 : 1] : pairs[0];
  const { probability, pairsReplace } = calibrate(rate, sizeRatio, pair !== undefined);
  const drawn: Representation = random.uniform() < probability ? 'compressed' : 'raw';
  return pair !== undefined && drawn === pairsReplace ? pair : single[drawn];
}

/**
 * The running measurement of κ, for rates that count symbols: symbols over bytes of all documents that were
 * compressed so far, starting from 1. Which documents are compressed does not depend on their length, so it converges
 * to the mean ratio, and the share of compressed symbols to the rate.
 */
export interface SizeRatioState {
  bytes: number;
  symbols: number;
}

export function sizeRatio({ bytes, symbols }: SizeRatioState): number {
  return (symbols + 1) / (bytes + 1);
}
