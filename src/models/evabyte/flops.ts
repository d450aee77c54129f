import type { FlopOptions, ParameterSpec, VocabularySizes } from '../model.js';
import { trainingFlops } from '../training-flops.js';
import type { EvaByteOptions } from './options.js';

/** A query attends, on average, to (w + 1)/2 keys of the own window, and to the summaries of the windows before. */
export function evabyteFlops(
  model: EvaByteOptions,
  vocabulary: VocabularySizes,
  parameters: readonly ParameterSpec[],
  options: FlopOptions,
): number {
  const { hiddenSize, windowSize, chunkSize } = model;
  const windows = options.sequenceLength / windowSize;
  const exact = (windowSize + 1) / 2;
  const summaries = ((windows - 1) / 2) * (windowSize / chunkSize);
  const shape = { ...model, attentionWidth: hiddenSize, keys: exact + summaries, tiedEmbedding: false };
  return trainingFlops(shape, vocabulary, parameters, options);
}
