/**
 * Where segments begin, given h_t, the entropy of the distribution of byte t given the bytes before it: where h_t is high
 * (the model does not know what comes), or where it has risen since the byte before (something new begins). Both
 * conditions, and thresholds that are quantiles, are those of the paper (arXiv 2602.04289, appendix on the neural
 * proxy); which of them count is an option here.
 *
 * Entropies are integers, so that thresholds are compared exactly and boundaries depend on nothing but the integers.
 */

/** Entropies are counted in units of 1/4096 bit: 0 … 32,768 for the next byte. */
export const ENTROPY_UNITS_PER_BIT = 4096;

/** The entropy of 256 equally likely bytes. */
export const GREATEST_ENTROPY = 8 * ENTROPY_UNITS_PER_BIT;

/** level: h_t is high. jump: h_t − h_{t−1} is. or, and: either, both. */
export const BOUNDARY_CRITERIA = ['level', 'jump', 'or', 'and'] as const;
export type BoundaryCriterion = (typeof BOUNDARY_CRITERIA)[number];

export interface BoundaryRule {
  criterion: BoundaryCriterion;
  /** A segment begins at t if h_t is greater, in units of 1/4096 bit. Not read by `jump`. */
  level: number;
  /** A segment begins at t if h_t − h_{t−1} is greater, in units of 1/4096 bit. Not read by `level`. */
  jump: number;
  /** Bytes of the longest segment, at least 1; what would be longer is cut. */
  longest: number;
}

/**
 * An entropy in integer units, rounded to the nearest.
 *
 * @param bits 0 … 8; what rounding has put outside is put back
 */
export function entropyUnits(bits: number): number {
  return Math.min(GREATEST_ENTROPY, Math.max(0, Math.round(bits * ENTROPY_UNITS_PER_BIT)));
}

/**
 * Ends of the segments of a document: ascending, the last is its length; none for an empty one. No segment begins at
 * byte 0 but the first, whatever the entropy there.
 *
 * @param entropies h_t of each byte, in units of 1/4096 bit
 */
export function segmentEnds(entropies: Uint16Array, rule: BoundaryRule): Uint32Array {
  const { length } = entropies;
  const { longest } = rule;
  const { level, jump, needsBoth } = effectiveThresholds(rule);
  let ends = new Uint32Array(16 + Math.min(length, length >>> 2));
  let count = 0;
  let start = 0;
  for (let t = 1; t < length; t++) {
    const h = entropies[t]!;
    const isHigh = h > level;
    const isJump = h - entropies[t - 1]! > jump;
    if ((needsBoth ? isHigh && isJump : isHigh || isJump) || t - start === longest) {
      if (count + 1 === ends.length) ends = doubled(ends);
      ends[count++] = start = t;
    }
  }
  if (length > 0) ends[count++] = length;
  return ends.slice(0, count);
}

/** A condition that does not count is one that is never met, or in a conjunction one that is not asked. */
function effectiveThresholds({ criterion, level, jump }: BoundaryRule) {
  return {
    level: criterion === 'jump' ? Number.POSITIVE_INFINITY : level,
    jump: criterion === 'level' ? Number.POSITIVE_INFINITY : jump,
    needsBoth: criterion === 'and',
  };
}

function doubled(ends: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(ends.length * 2);
  larger.set(ends);
  return larger;
}

/** All of a rule that determines boundaries, for fingerprints. */
export function describeRule({ criterion, level, jump, longest }: BoundaryRule): string {
  const thresholds = { level: `level>${level}`, jump: `jump>${jump}` };
  const conditions =
    criterion === 'level' || criterion === 'jump'
      ? thresholds[criterion]
      : `${thresholds.level} ${criterion} ${thresholds.jump}`;
  return `${conditions}, longest ${longest}`;
}
