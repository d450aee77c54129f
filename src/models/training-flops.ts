import type { FlopOptions, ParameterSpec, VocabularySizes } from './model.js';
import { parameterCount } from './parameters.js';

/** What the arithmetic of a model depends on, besides its parameters. */
export interface ArithmeticShape {
  hiddenSize: number;
  layers: number;
  predictionHeads: number;
  rawHeads: number;
  /** Width of all heads of attention together. */
  attentionWidth: number;
  /** Keys, or summaries of them, that a query attends to on average. */
  keys: number;
  /** The embedding is the output matrix too, and multiplied as such. */
  tiedEmbedding: boolean;
}

/**
 * Floating-point operations of one training step, forward and backward, for each token.
 *
 * Six for every parameter that is multiplied: the embedding is a look-up and costs none, and raw heads count where they
 * are trained, at raw positions, main heads as far as their ids stand for something: a larger table to choose from is no more work
 * done. Twelve · d for every pair of query and key that is attended to, in each layer and head.
 */
export function trainingFlops(
  { hiddenSize, layers, predictionHeads, rawHeads, attentionWidth, keys, tiedEmbedding }: ArithmeticShape,
  vocabulary: VocabularySizes,
  parameters: readonly ParameterSpec[],
  { rawShare, usedIds = vocabulary.size }: FlopOptions,
): number {
  const rawHead = rawHeads * vocabulary.rawSize * hiddenSize;
  const padding = predictionHeads * (vocabulary.size - usedIds) * hiddenSize;
  const counted = tiedEmbedding ? parameters : parameters.filter(({ isEmbedding }) => !isEmbedding);
  const multiplied = parameterCount(counted) - rawHead * (1 - rawShare) - padding;
  return 6 * multiplied + 12 * layers * attentionWidth * keys;
}
