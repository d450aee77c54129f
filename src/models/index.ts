import { ConfigError } from '../support/errors.js';
import { RAW_LIMIT } from '../vocabulary/layout.js';
import { createEvaByte } from './evabyte/model.js';
import type { LanguageModel, VocabularySizes } from './model.js';
import type { ModelOptions } from './options.js';

export { parameterCount } from './evabyte/parameters.js';
export { buildInputs, type InputSpec, type MultibyteWeightOptions } from './inputs.js';
export type * from './model.js';
export { type ModelOptions, modelOptions } from './options.js';

/** Sizes for a table of `size` ids; one without raw bytes may be smaller than the raw vocabulary. */
export function vocabularySizes(size: number): VocabularySizes {
  return { size, rawSize: Math.min(RAW_LIMIT, size) };
}

/** @throws ConfigError for an architecture that has options, but no graph yet. */
export function createModel(options: ModelOptions, vocabulary: VocabularySizes): LanguageModel {
  if (options.architecture === 'evabyte') return createEvaByte(options, vocabulary);
  throw new ConfigError(`models of architecture ${options.architecture} can be described, but not run`, {
    field: 'model.architecture',
    hint: 'Choose a preset whose name begins with evabyte.',
  });
}
