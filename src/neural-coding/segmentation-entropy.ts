import type { Segmenter } from './segmentation.js';
import { type EntropyQuantiles, ruleFor, type SegmentationRequest } from './segmentation-calibration.js';
import { describeRule, entropyUnits, segmentEnds } from './segmentation-rule.js';

/** A float model of bytes at full context, such as M1: what exact segmentation asks. */
export interface EntropyModel {
  /** All that determines the entropies: weights, context, engine and its version, class of the CPU. */
  readonly fingerprint: string;
  /** h_t of each byte of each document, in bits: of the distribution of byte t given the bytes before it. */
  entropies(documents: readonly Uint8Array[]): Promise<readonly ArrayLike<number>[]>;
}

/**
 * Cuts documents by a model's entropies. They are rounded to integers before anything is compared; on machines whose floats
 * differ a boundary may still move, which is why the boundaries are stored with the codes.
 *
 * @param quantiles of the same model, on any text of the kind to be cut
 * @throws ConfigError for a request out of range
 */
export function entropySegmenter(
  model: EntropyModel,
  quantiles: EntropyQuantiles,
  request: SegmentationRequest,
): Segmenter {
  const rule = ruleFor(request, quantiles);
  return {
    fingerprint: `entropy ${model.fingerprint}, ${describeRule(rule)}`,
    async segment(documents) {
      const entropies = await model.entropies(documents);
      return entropies.map((bits) => segmentEnds(Uint16Array.from(bits, entropyUnits), rule));
    },
  };
}
