import { z } from 'zod';

/** What every compressor over a tokenizer is told. */
export const tokenizerOptions = z.strictObject({
  tokenizer: z
    .string()
    .min(1)
    .default('code-65k')
    .describe(
      'a tokenizer that ships with the package, or the path of a tokenizer.json, a .model, or a folder with one',
    ),
  unrepresentable: z
    .enum(['refuse', 'bytes'])
    .default('refuse')
    .describe(
      'documents that decoding would not give back, such as invalid UTF-8: refuse them, or write their bytes as tokens of one byte',
    ),
});

export type TokenizerOptions = z.infer<typeof tokenizerOptions>;
