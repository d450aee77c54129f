import { float32Values } from '../graph/index.js';
import type { LanguageModel } from '../models/index.js';
import type { Backend, Inputs } from '../plugins/contracts.js';
import type { LossOptions } from './options.js';

export interface LossScales {
  /** What the loss multiplies each head's weighted nats with, [P + R]. */
  scales: number[];
  /** What makes a head's weighted nats its mean loss, [P + R]. */
  denominators: number[];
}

/**
 * The normalisation of the loss (behaviour §4.7), over the whole optimizer step: all its micro-batches on all
 * processes, so that how a step is divided does not change it (the reference normalised each rank's share: M6).
 *
 * Plain: Σ nll / (P · tokens). Weighted: by the sum of all weights, of all heads. With raw heads, weights are part of the
 * model's graph and everything is divided by the number of tokens.
 */
export async function lossScales(
  { model, batch, loss }: { model: LanguageModel; batch: { size: number; sequenceLength: number }; loss: LossOptions },
  microBatches: readonly Inputs[],
  backend: Pick<Backend, 'allGather'>,
): Promise<LossScales> {
  const heads = model.heads + model.rawHeads;
  const tokens = batch.size * batch.sequenceLength;
  const every = (value: number) => Array.from({ length: heads }, () => value);
  if (model.rawHeads > 0) return { scales: every(1 / tokens), denominators: every(tokens) };
  if (!loss.multibyteMask) return { scales: every(1 / (heads * tokens)), denominators: every(tokens) };
  const own = new Float64Array(heads);
  for (const { weights } of microBatches)
    for (const [index, weight] of float32Values(weights!).entries()) own[index % heads]! += weight;
  const shares = await backend.allGather(new Uint8Array(own.buffer));
  const sums = every(0).map((_, head) =>
    shares.reduce((sum, bytes) => sum + new Float64Array(Uint8Array.from(bytes).buffer)[head]!, 0),
  );
  const total = sums.reduce((sum, weight) => sum + weight, 0);
  // Where nothing is asked of any head there is no loss, and zero must not become NaN.
  return { scales: every(total > 0 ? 1 / total : 0), denominators: sums.map((sum) => sum || 1) };
}
