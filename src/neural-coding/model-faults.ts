import { CheckpointError } from '../support/errors.js';
import { LONGEST_PHRASE } from './parameters.js';

/** What is wrong with trained byte models that open, and cannot be asked. */

/** @param longest bytes of the longest prefix that the model can be asked after */
export function prefixTooLong(bytes: number, longest: number): CheckpointError {
  return new CheckpointError(`a prefix of ${bytes} bytes is longer than the ${longest} of the model`, {
    field: 'batch.sequenceLength',
    hint: `Train a model with a batch.sequenceLength, and a model.windowSize, of ${LONGEST_PHRASE}: no window has more bytes.`,
  });
}

/** @param file the model's, where it is known */
export function notFinite(file?: string): CheckpointError {
  return new CheckpointError('the model gives no probabilities: its numbers are not finite', {
    ...(file !== undefined && { file }),
    hint: 'Its training diverged; use an earlier checkpoint.',
  });
}
