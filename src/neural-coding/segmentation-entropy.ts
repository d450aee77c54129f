import type { ByteModel } from './byte-model.js';
import type { Segmenter } from './segmentation.js';
import { type EntropyQuantiles, ruleFor, type SegmentationRequest } from './segmentation-calibration.js';
import { describeRule, entropyUnits, segmentEnds } from './segmentation-rule.js';

/** What exact segmentation asks of a byte model: its entropies at full context. */
export type EntropyModel = Pick<ByteModel, 'fingerprint' | 'context' | 'entropies'>;

/** Where a context ends, the next one has seen so much of it: enough to know the words, at little cost (docs/decisions/0205). */
const OVERLAP_SHARE = 1 / 16;

/**
 * h_t of each byte of some documents by a model, rounded to units of 1/4096 bit.
 *
 * @param documents what they share a call with changes nothing
 */
export async function measuredEntropies(model: EntropyModel, documents: readonly Uint8Array[]): Promise<Uint16Array[]> {
  const entropies = await model.entropies(documents, { overlap: overlapOf(model) });
  return entropies.map((bits) => Uint16Array.from(bits, entropyUnits));
}

const overlapOf = ({ context }: EntropyModel): number => Math.floor(context * OVERLAP_SHARE);

/**
 * Cuts documents by a model's entropies. They are rounded to integers before anything is compared; on machines whose floats
 * differ a boundary may still move, which is why boundaries are stored with the codes. Calls may overlap.
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
    fingerprint: `entropy ${model.fingerprint}, overlap ${overlapOf(model)}, ${describeRule(rule)}`,
    async segment(documents) {
      return (await measuredEntropies(model, documents)).map((entropies) => segmentEnds(entropies, rule));
    },
  };
}
