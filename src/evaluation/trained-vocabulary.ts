import { z } from 'zod';
import type { Checkpoint } from '../checkpoints/index.js';
import type { Compressor } from '../plugins/contracts.js';
import { CheckpointError } from '../support/errors.js';
import type { VocabularyLayout } from '../vocabulary/vocabulary.js';

const trainedVocabulary = z.object({
  layout: z.object({
    size: z.int().positive(),
    compressedOffset: z.int().nonnegative(),
    alphabetSize: z.int().nonnegative(),
    rawIncluded: z.boolean(),
  }),
  compressor: z.string(),
});

/**
 * What a checkpoint says of the ids that its model was trained on, so that raw bytes can be read and written without
 * the compressor: it need not be there any more, nor its files.
 */
export interface TrainedVocabulary {
  layout: VocabularyLayout;
  /** Fingerprint of the compressor. */
  compressor: string;
}

/** @throws CheckpointError if the checkpoint does not say */
export function trainedVocabularyOf({ state, path }: Checkpoint): TrainedVocabulary {
  const parsed = z.object({ vocabulary: trainedVocabulary }).safeParse(state);
  if (parsed.success) return parsed.data.vocabulary;
  throw new CheckpointError('the checkpoint does not say which ids its model was trained on', {
    file: path,
    hint: 'It was not written by `pc train` or `pc convert`.',
    cause: parsed.error,
  });
}

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
