import type { Checkpoint } from '../checkpoints/index.js';
import type { Compressor } from '../plugins/contracts.js';
import { CheckpointError } from '../support/errors.js';

/**
 * @param otherwise what else the user could do
 * @throws CheckpointError if the compressor makes other codes than those the model was trained on
 */
export function requireTrainedCompressor(
  { fingerprint }: Pick<Compressor, 'fingerprint'>,
  trained: string,
  { path }: Pick<Checkpoint, 'path'>,
  otherwise: string,
): void {
  if (fingerprint === trained) return;
  throw new CheckpointError(`the model was trained on codes of ${trained}, and the compressor here is ${fingerprint}`, {
    file: path,
    field: 'compressors',
    hint: `Restore what the compressor was made with, such as its tokenizer. ${otherwise}`,
  });
}
