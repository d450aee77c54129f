import { z } from 'zod';
import type { CompressorDefinition } from '../../src/plugins/contracts.js';
import { CONVERTERS } from '../../src/tokenizers/byte-converters.js';
import { tokenizerOptions } from '../../src/tokenizers/options.js';

const tokenBytesOptions = tokenizerOptions.extend({
  converter: z
    .enum(CONVERTERS)
    .default('simple')
    .describe('simple: the id itself; gray: a code whose neighbours stand for tokens that begin alike'),
  symbolBits: z
    .union([z.literal(8), z.literal(16)])
    .default(8)
    .describe('8: one symbol a byte; 16: bytes regrouped in pairs'),
});

export type TokenBytesOptions = z.infer<typeof tokenBytesOptions>;

export const tokenBytesCompressor: CompressorDefinition<TokenBytesOptions> = {
  name: 'token-bytes',
  summary: 'token ids of a BPE or SentencePiece vocabulary written as bytes; one symbol a byte, or for two',
  options: tokenBytesOptions,
  async create(options) {
    const { createTokenBytes } = await import('./token-bytes.js');
    return createTokenBytes(options);
  },
};
