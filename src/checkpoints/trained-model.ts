import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { type ModelOptions, modelOptions } from '../models/options.js';
import { CheckpointError } from '../support/errors.js';
import { CONFIG_FILE } from './layout.js';
import type { Checkpoint } from './open.js';
import { type TrainedVocabulary, trainedVocabularyOf } from './trained-vocabulary.js';

/** The sections of a checkpoint's configuration that say what its model is; there are others. */
const modelSections = z.object({
  model: modelOptions,
  batch: z.object({ sequenceLength: z.int().positive() }),
  data: z.object({ mix: z.string(), addBos: z.boolean() }),
});

/** What has to be known of a checkpoint to run its model. */
export interface TrainedModel {
  options: ModelOptions;
  /** Symbols of a sequence in training. */
  sequenceLength: number;
  vocabulary: TrainedVocabulary;
  /** How documents were shown to it: its mixing mode, and whether they began with BOS. */
  shown: { mix: string; addBos: boolean };
}

/** @throws CheckpointError if the checkpoint does not say */
export function trainedModelOf(checkpoint: Pick<Checkpoint, 'configYaml' | 'state' | 'path'>): TrainedModel {
  const parsed = modelSections.safeParse(parseYaml(checkpoint));
  if (!parsed.success)
    throw new CheckpointError(`the checkpoint does not say what its model is: ${z.prettifyError(parsed.error)}`, {
      file: checkpoint.path,
      field: CONFIG_FILE,
      hint: 'Use a checkpoint that this version of `pc train` wrote.',
      cause: parsed.error,
    });
  const { model, batch, data } = parsed.data;
  const vocabulary = trainedVocabularyOf(checkpoint);
  return { options: model, sequenceLength: batch.sequenceLength, vocabulary, shown: data };
}

/** Whatever a damaged text does to the parser, aliases within aliases and nesting without end included, is that damage. */
function parseYaml({ configYaml, path }: Pick<Checkpoint, 'configYaml' | 'path'>): unknown {
  try {
    return parse(configYaml, { logLevel: 'silent' });
  } catch (cause) {
    throw new CheckpointError(
      `the checkpoint's configuration is not YAML: ${(cause as Error).message.split('\n')[0]}`,
      {
        file: join(path, CONFIG_FILE),
        hint: 'Use another copy of the checkpoint.',
        cause,
      },
    );
  }
}
