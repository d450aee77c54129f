import { type PhraseCounts, phraseText } from './phrase-counts.js';

/** A code that stands for at least two distinct texts of the documents. */
export interface Collision {
  code: number;
  /** Distinct texts, at least 2. */
  texts: number;
  /** Length of the beginning that all texts share, over their mean length: 0 … 1. */
  prefixShare: number;
  /** Levenshtein distance in bytes, mean over the pairs of distinct texts. */
  editDistance: number;
  /** Bytes of the longest text. */
  longest: number;
  /** Share of all windows that have this code. */
  share: number;
  /** The longest text, which begins with all others. */
  example: Uint8Array;
}

/** What is shown of the distribution of a measure over codes. */
export const COLLISION_QUANTILES = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1] as const;

export const COLLISION_MEASURES = ['texts', 'prefixShare', 'editDistance', 'longest', 'share'] as const;
export type CollisionMeasure = (typeof COLLISION_MEASURES)[number];

export interface CollisionTable {
  /** Codes with at least two distinct texts. */
  codes: number;
  /** Share of the windows that have such a code. */
  windowShare: number;
  /** Of each measure over these codes, by `COLLISION_QUANTILES`; null where there is no such code. */
  quantiles: Record<CollisionMeasure, number[]> | null;
  /** The codes with the most windows. */
  mostFrequent: Collision[];
}

/**
 * Which codes stand for several texts, as the published work tabulates them. Phrases that share a code begin with each
 * other, since all their intervals contain its cell: the common beginning is the shortest of them, and the edit distance of
 * two is the difference of their lengths.
 *
 * @param examples codes in `mostFrequent`
 */
export function collisionTable(counts: PhraseCounts, examples: number): CollisionTable {
  const collisions = collisionsOf(counts);
  const windowShare = collisions.reduce((sum, { share }) => sum + share, 0);
  const mostFrequent = collisions.toSorted((a, b) => b.share - a.share || a.code - b.code).slice(0, examples);
  if (collisions.length === 0) return { codes: 0, windowShare, quantiles: null, mostFrequent };
  const quantiles = Object.fromEntries(
    COLLISION_MEASURES.map((measure) => [measure, quantilesOf(collisions.map((collision) => collision[measure]))]),
  ) as Record<CollisionMeasure, number[]>;
  return { codes: collisions.length, windowShare, quantiles, mostFrequent };
}

/** By ascending code. */
function collisionsOf({ phrases, windows, units, literals }: PhraseCounts): Collision[] {
  const collisions: Collision[] = [];
  for (let first = 0, end = 0; first < phrases.count; first = end) {
    const code = phrases.codes[first]!;
    end = phrases.firstOf[code + 1]!;
    if (end - first === 1) continue;
    // By ascending length, as phrases of a code are.
    const seen: number[] = [];
    for (let phrase = first; phrase < end; phrase++) if (windows[phrase]! > 0) seen.push(phrase);
    if (seen.length < 2) continue;
    const lengths = seen.map((phrase) => phrases.lengths[phrase]!);
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    collisions.push({
      code,
      texts: seen.length,
      prefixShare: lengths[0]! / mean,
      editDistance: meanDifference(lengths),
      longest: lengths.at(-1)!,
      share: seen.reduce((sum, phrase) => sum + windows[phrase]!, 0) / (units - literals),
      example: phraseText(phrases, seen.at(-1)!),
    });
  }
  return collisions;
}

/** Mean of |a − b| over pairs of an ascending list. */
function meanDifference(ascending: readonly number[]): number {
  const { length } = ascending;
  let sum = 0;
  // Each number is the larger of `index` pairs and the smaller of the others.
  for (const [index, value] of ascending.entries()) sum += value * (2 * index - (length - 1));
  return sum / ((length * (length - 1)) / 2);
}

/** Values of the list at these shares of its ranks, the nearest rank below. */
function quantilesOf(values: number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return COLLISION_QUANTILES.map((quantile) => sorted[Math.floor(quantile * (sorted.length - 1))]!);
}
