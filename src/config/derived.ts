import { trainedRepresentations } from '../data/compression-schedule.js';
import { type VocabularyLayout, vocabularyLayout } from '../vocabulary/vocabulary.js';
import type { Config } from './schema.js';

/** Figures that follow from a configuration and are nobody's setting. */

/**
 * Width of a training window of symbols: one input column and a label column for each head, so that head h at
 * position t is scored on symbol t + 1 + h (behaviour §1.7, §4.6).
 */
export function resolvedViews({ model }: Pick<Config, 'model'>): number {
  return 1 + model.predictionHeads + model.rawHeads;
}

/**
 * The vocabulary of a run.
 *
 * @param alphabetSize symbols of the configured compressor
 * @throws ConfigError if `vocabulary.size` cannot hold it
 */
export function vocabularyFor(config: Pick<Config, 'data' | 'vocabulary'>, alphabetSize: number): VocabularyLayout {
  return vocabularyLayout(config.vocabulary, alphabetSize, trainedRepresentations(config.data));
}

/** Symbols that one optimizer step trains on, over all processes. */
export function symbolsPerStep({ batch }: Pick<Config, 'batch'>): number {
  return batch.size * batch.sequenceLength;
}
