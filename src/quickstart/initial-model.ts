import { saveCheckpoint, type TrainedVocabulary } from '../checkpoints/index.js';
import { type Config, compressorOptions, vocabularyFor } from '../config/index.js';
import { createModel, type LanguageModel, vocabularySizes } from '../models/index.js';
import type { PluginRegistry } from '../plugins/registry.js';
import { initialParameters } from '../training/initialise.js';
import { isOptimizerState } from '../training/optimizer.js';
import type { RunConfig } from './models.js';

/** The model that a configuration describes, without values. */
export async function configuredModel(config: Config, registry: PluginRegistry): Promise<LanguageModel> {
  const { layout } = await configuredVocabulary(config, registry);
  return createModel(config.model, vocabularySizes(layout.size));
}

async function configuredVocabulary(config: Config, registry: PluginRegistry): Promise<TrainedVocabulary> {
  const compressor = await registry.createCompressor(config.data.compressor, compressorOptions(config));
  try {
    return { layout: vocabularyFor(config, compressor.alphabetSize), compressor: compressor.fingerprint };
  } finally {
    await compressor.dispose?.();
  }
}

/**
 * Writes the checkpoint of step 0: the parameters that training will start from, and no optimizer.
 *
 * @returns its path
 */
export async function saveInitialModel(
  { config, configYaml }: RunConfig,
  registry: PluginRegistry,
  directory: string,
): Promise<string> {
  const vocabulary = await configuredVocabulary(config, registry);
  const model = createModel(config.model, vocabularySizes(vocabulary.layout.size));
  return saveCheckpoint(directory, {
    step: 0,
    state: { vocabulary },
    configYaml,
    slices: initialParameters(model, config.seed),
    isOptimizer: isOptimizerState,
  });
}
