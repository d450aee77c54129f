/**
 * Thresholds of segmentation are quantiles of what a model's entropies are on a corpus. They are measured once and kept
 * as numbers: boundaries then depend on a document alone, not on the shard that it comes in.
 */
import { ConfigError, DataError } from '../support/errors.js';
import { type BoundaryCriterion, type BoundaryRule, GREATEST_ENTROPY } from './segmentation-rule.js';

/** Quantiles are kept at every multiple of 1/1000 between 0 and 1. */
export const QUANTILE_STEPS = 1000;

/** Values, in units of 1/4096 bit, that the shares 1/1000 … 999/1000 of a corpus do not exceed. */
export interface EntropyQuantiles {
  /** Of h_t: 999 values, ascending. */
  readonly levels: Int32Array;
  /** Of h_t − h_{t−1}: 999 values, ascending, from −32,768 to 32,768. */
  readonly jumps: Int32Array;
}

/** How documents are cut, in terms that do not depend on the model: what users choose. */
export interface SegmentationRequest {
  criterion: BoundaryCriterion;
  /** Share of bytes whose h_t is not exceptional, a multiple of 1/1000 between 0 and 1. */
  levelQuantile: number;
  /** The same of h_t − h_{t−1}. */
  jumpQuantile: number;
  /** Bytes of the longest segment. */
  longest: number;
}

/** The paper's: both quantiles 0.90, at most 64 bytes. */
export const PAPER_SEGMENTATION: SegmentationRequest = {
  criterion: 'or',
  levelQuantile: 0.9,
  jumpQuantile: 0.9,
  longest: 64,
};

/** Counts entropies and their differences, exactly, in memory that does not grow. Histograms of parts can be added up. */
export class EntropyHistogram {
  private readonly levels = new Float64Array(GREATEST_ENTROPY + 1);
  private readonly jumps = new Float64Array(2 * GREATEST_ENTROPY + 1);
  private differences = 0;
  private bytes = 0;

  /**
   * @param entropies h_t of each byte of one document, in units of 1/4096 bit. The first byte, where no boundary can be,
   *   counts for neither.
   */
  add(entropies: Uint16Array): void {
    const { levels, jumps } = this;
    for (let t = 1; t < entropies.length; t++) {
      const h = entropies[t]!;
      levels[h] = levels[h]! + 1;
      const jump = h - entropies[t - 1]! + GREATEST_ENTROPY;
      jumps[jump] = jumps[jump]! + 1;
    }
    this.bytes += entropies.length;
    this.differences += Math.max(0, entropies.length - 1);
  }

  /** Bytes of all documents. */
  get countedBytes(): number {
    return this.bytes;
  }

  /** Σ h_t, in bits per byte: what coding by the model would cost if its entropies were right. */
  get meanBits(): number {
    let sum = 0;
    for (let h = 0; h <= GREATEST_ENTROPY; h++) sum += h * this.levels[h]!;
    return sum / Math.max(1, this.differences) / (GREATEST_ENTROPY / 8);
  }

  /** @throws DataError if no document had two bytes */
  quantiles(): EntropyQuantiles {
    if (this.differences === 0) {
      throw new DataError('there is no text to take quantiles of entropies from', {
        hint: 'Give documents of at least two bytes.',
      });
    }
    return {
      levels: quantilesOf(this.levels, 0, this.differences),
      jumps: quantilesOf(this.jumps, -GREATEST_ENTROPY, this.differences),
    };
  }
}

/** For each share, the least value that at least this share of the values does not exceed. */
function quantilesOf(histogram: Float64Array, first: number, total: number): Int32Array {
  const values = new Int32Array(QUANTILE_STEPS - 1);
  let index = -1;
  let atMost = 0;
  for (let step = 1; step < QUANTILE_STEPS; step++) {
    while (atMost * QUANTILE_STEPS < step * total) atMost += histogram[++index]!;
    values[step - 1] = first + index;
  }
  return values;
}

/**
 * The rule with numbers in it.
 *
 * @throws ConfigError for quantiles that are not multiples of 1/1000 between 0 and 1, and for a longest segment of no byte
 */
export function ruleFor(request: SegmentationRequest, quantiles: EntropyQuantiles): BoundaryRule {
  const { criterion, levelQuantile, jumpQuantile, longest } = request;
  if (!Number.isSafeInteger(longest) || longest < 1) {
    throw new ConfigError(`the longest segment is ${longest} bytes`, { hint: 'Choose a whole number, at least 1.' });
  }
  return {
    criterion,
    level: quantiles.levels[stepOf(levelQuantile) - 1]!,
    jump: quantiles.jumps[stepOf(jumpQuantile) - 1]!,
    longest,
  };
}

function stepOf(quantile: number): number {
  const step = Math.round(quantile * QUANTILE_STEPS);
  if (step >= 1 && step < QUANTILE_STEPS && Math.abs(step - quantile * QUANTILE_STEPS) < 1e-6) return step;
  throw new ConfigError(`${quantile} is no quantile that is kept`, {
    hint: 'Choose a multiple of 0.001 between 0.001 and 0.999.',
  });
}
