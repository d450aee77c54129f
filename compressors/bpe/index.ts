import type { CompressorDefinition } from '../../src/plugins/contracts.js';
import { type TokenizerOptions, tokenizerOptions } from '../../src/tokenizers/options.js';

export const bpeCompressor: CompressorDefinition<TokenizerOptions> = {
  name: 'bpe',
  summary: 'tokens of a BPE or SentencePiece vocabulary; one symbol a token',
  options: tokenizerOptions,
  async create(options) {
    const { createBpe } = await import('./bpe.js');
    return createBpe(options);
  },
};
