import type { CompressorDefinition } from '../../src/plugins/contracts.js';
import { type NeuralOptions, neuralOptions } from './options.js';

export const neuralCompressor: CompressorDefinition<NeuralOptions> = {
  name: 'neural',
  summary: 'codes of equal-info windows: stretches of text that a byte model finds equally surprising',
  options: neuralOptions,
  async create(options, context) {
    const { createNeural } = await import('./neural.js');
    return createNeural(options, context);
  },
};
