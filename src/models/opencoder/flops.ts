import type { FlopOptions, ParameterSpec, VocabularySizes } from '../model.js';
import { trainingFlops } from '../training-flops.js';
import { attentionSizes, type OpenCoderOptions } from './options.js';

/** A query attends to (N + 1)/2 keys on average; heads of keys that are shared save memory, not arithmetic. */
export function opencoderFlops(
  model: OpenCoderOptions,
  vocabulary: VocabularySizes,
  parameters: readonly ParameterSpec[],
  options: FlopOptions,
): number {
  const { heads, headSize } = attentionSizes(model);
  const shape = { ...model, attentionWidth: heads * headSize, keys: (options.sequenceLength + 1) / 2 };
  return trainingFlops(shape, vocabulary, parameters, options);
}
