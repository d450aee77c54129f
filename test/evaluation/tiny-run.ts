import { join } from 'node:path';
import { openCheckpoint, saveCheckpoint, type TrainedVocabulary } from '../../src/checkpoints/index.js';
import { type Config, loadConfigFile } from '../../src/config/index.js';
import { type CheckpointedModel, openCheckpointedModel } from '../../src/evaluation/index.js';
import { builtinRegistry } from '../../src/plugins/discovery.js';
import { initialParameters } from '../../src/training/initialise.js';
import { tinyModel } from './tiny-model.js';

/** Configuration of the tiny model, trained on a half of raw and a half of `bit` symbols in windows of 16. */
export const TINY_CONFIG = `
model:
  architecture: evabyte
  hiddenSize: 8
  intermediateSize: 12
  layers: 1
  attentionHeads: 2
  windowSize: 8
  chunkSize: 4
  predictionHeads: 2
data: { compressor: bit, mix: sentinel, rate: 0.5, validation: validation }
batch: { size: 2, sequenceLength: 16 }
backend: { threads: 1 }
`;

/**
 * A run directory with a checkpoint of a model that was never trained.
 *
 * @param vocabularySize rows of its embedding
 * @param compressor fingerprint of the one that it says it was trained with
 */
export async function saveTinyRun(
  directory: string,
  { configYaml = TINY_CONFIG, step = 40, seed = 1, vocabularySize = 320, compressor = 'bit:1' } = {},
): Promise<string> {
  return saveCheckpoint(directory, {
    step,
    state: { vocabulary: tinyVocabulary(vocabularySize, compressor) },
    configYaml,
    slices: initialParameters(tinyModel(vocabularySize), seed),
    isOptimizer: () => false,
  });
}

const tinyVocabulary = (size: number, compressor: string): TrainedVocabulary => ({
  layout: { size, compressedOffset: 64, alphabetSize: 2, rawIncluded: size >= 320 },
  compressor,
});

export interface OpenedRun {
  opened: CheckpointedModel;
  settings: Config;
}

/** Opens a checkpoint on the default backend, as the command does. */
export async function openTinyRun(path: string): Promise<OpenedRun> {
  const { config: settings } = await loadConfigFile(join(path, 'config.yaml'));
  const checkpoint = await openCheckpoint(path);
  const registry = builtinRegistry(join(path, 'artifacts'));
  return {
    opened: await openCheckpointedModel({ checkpoint, settings, registry, backend: settings.backend }),
    settings,
  };
}
