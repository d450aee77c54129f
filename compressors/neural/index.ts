import type { CompressorDefinition } from '../../src/plugins/contracts.js';
import { ConfigError } from '../../src/support/errors.js';
import { type NeuralOptions, neuralOptions } from './options.js';

export const neuralCompressor: CompressorDefinition<NeuralOptions> = {
  name: 'neural',
  summary: 'codes of equal-info windows: stretches of text that a byte model finds equally surprising',
  options: neuralOptions,
  async create(options, context) {
    const { createNeural } = await import('./neural.js');
    return createNeural(options, context).catch((error: unknown) => {
      throw withFullName(error);
    });
  },
};

/** What codes windows calls an option by its own name; users set it by that of the compressor before it. */
function withFullName(error: unknown): unknown {
  if (!(error instanceof ConfigError) || error.location.field === undefined) return error;
  const { message, hint, location } = error;
  return new ConfigError(message, { ...location, field: `compressors.neural.${location.field}`, hint, cause: error });
}
