import type { FlopOptions, ParameterSpec, VocabularySizes } from '../model.js';
import type { EvaByteOptions } from './options.js';
import { parameterCount } from './parameters.js';

/**
 * Floating-point operations of one training step, forward and backward, for each token.
 *
 * Six for every parameter that is multiplied: the embedding is a look-up and costs none, and raw heads count where they
 * are trained, at raw positions, main heads as far as their ids stand for something: a larger table to choose from is no more work
 * done. Twelve · d for every pair of query and key that is attended to, in each layer and head:
 * on average (w + 1)/2 keys of the own window, and the summaries of the windows before.
 */
export function evabyteFlops(
  { hiddenSize, layers, windowSize, chunkSize, predictionHeads, rawHeads }: EvaByteOptions,
  vocabulary: VocabularySizes,
  parameters: readonly ParameterSpec[],
  { sequenceLength, rawShare, usedIds = vocabulary.size }: FlopOptions,
): number {
  const rawHead = rawHeads * vocabulary.rawSize * hiddenSize;
  const padding = predictionHeads * (vocabulary.size - usedIds) * hiddenSize;
  const multiplied =
    parameterCount(parameters.filter(({ isEmbedding }) => !isEmbedding)) - rawHead * (1 - rawShare) - padding;
  const windows = sequenceLength / windowSize;
  const exact = (windowSize + 1) / 2;
  const summaries = ((windows - 1) / 2) * (windowSize / chunkSize);
  return 6 * multiplied + 12 * layers * hiddenSize * (exact + summaries);
}
