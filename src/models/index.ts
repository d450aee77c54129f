import { RAW_LIMIT } from '../vocabulary/layout.js';
import { createEvaByte } from './evabyte/model.js';
import type { LanguageModel, VocabularySizes } from './model.js';
import { createOpenCoder } from './opencoder/model.js';
import type { ModelOptions } from './options.js';

export { buildInputs, type InputSpec, type MultibyteWeightOptions } from './inputs.js';
export type * from './model.js';
export { type ModelOptions, modelOptions } from './options.js';
export { parameterCount } from './parameters.js';

/** Sizes for a table of `size` ids; one without raw bytes may be smaller than the raw vocabulary. */
export function vocabularySizes(size: number): VocabularySizes {
  return { size, rawSize: Math.min(RAW_LIMIT, size) };
}

export function createModel(options: ModelOptions, vocabulary: VocabularySizes): LanguageModel {
  switch (options.architecture) {
    case 'evabyte':
      return createEvaByte(options, vocabulary);
    case 'opencoder':
      return createOpenCoder(options, vocabulary);
  }
}
