import { z } from 'zod';
import { CheckpointError } from '../support/errors.js';
import type { VocabularyLayout } from '../vocabulary/vocabulary.js';
import type { Checkpoint } from './open.js';

/** How `TrainedVocabulary` is written down. */
export const trainedVocabularySchema = z.object({
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
export function trainedVocabularyOf({ state, path }: Pick<Checkpoint, 'state' | 'path'>): TrainedVocabulary {
  const parsed = z.object({ vocabulary: trainedVocabularySchema }).safeParse(state);
  if (parsed.success) return parsed.data.vocabulary;
  throw new CheckpointError('the checkpoint does not say which ids its model was trained on', {
    file: path,
    hint: 'It was not written by `pc train` or `pc convert`.',
    cause: parsed.error,
  });
}
