import { z } from 'zod';

export const vocabularyOptions = z.strictObject({
  separateEmbedding: z
    .boolean()
    .default(false)
    .describe('give compressed symbols ids of their own (from 320) instead of those of raw bytes (from 64)'),
  multiple: z.int().positive().default(1).describe('round the size of the vocabulary up to a multiple of this'),
  size: z.int().positive().nullable().default(null).describe('a larger table than needed; null: the derived size'),
});

export type VocabularyOptions = z.infer<typeof vocabularyOptions>;
