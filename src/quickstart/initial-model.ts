import { saveCheckpoint, type TrainedVocabulary } from '../checkpoints/index.js';
import { type Config, compressorOptions, vocabularyFor } from '../config/index.js';
import { createModel, type LanguageModel, vocabularySizes } from '../models/index.js';
import type { PluginRegistry } from '../plugins/registry.js';
import { initialParameters } from '../training/initialise.js';
import { isOptimizerState } from '../training/optimizer.js';
import { usedIds } from '../vocabulary/vocabulary.js';
import type { RunConfig } from './models.js';

/** A model without values, and the floating-point operations of one optimizer step of it. */
export interface ConfiguredModel {
  model: LanguageModel;
  flopsPerStep: number;
}

/**
 * The model that a configuration describes.
 *
 * @param alphabetSize of the compressor where that cannot be asked yet; null: it is asked
 */
export async function configuredModel(
  config: Config,
  registry: PluginRegistry,
  alphabetSize: number | null,
): Promise<ConfiguredModel> {
  const layout =
    alphabetSize === null ? (await configuredVocabulary(config, registry)).layout : vocabularyFor(config, alphabetSize);
  const model = createModel(config.model, vocabularySizes(layout.size));
  const { size, sequenceLength } = config.batch;
  // Without raw heads the share of raw symbols changes nothing.
  const flopsPerSymbol = model.flops({ sequenceLength, rawShare: 0, usedIds: usedIds(layout) });
  return { model, flopsPerStep: size * sequenceLength * flopsPerSymbol };
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
