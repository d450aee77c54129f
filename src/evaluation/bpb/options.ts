import { z } from 'zod';

/** Bits-per-byte evaluation (behaviour §9). */
export const bpbOptions = z.strictObject({
  context: z.int().positive().nullable().default(null).describe('symbols of a window; null: the training length'),
  stride: z.int().positive().nullable().default(null).describe('symbols between windows; null: as context'),
  contextBytes: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('choose context so that a window spans this many bytes of text on average'),
  crops: z
    .boolean()
    .default(false)
    .describe('every window begins with BOS and knows nothing of the text before it; cost by position is told too'),
  cropsAt: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'codebook at whose windows crops begin, by the name of a shipped one or its file; null: wherever the last one is full',
    ),
  batchSize: z.int().positive().default(4).describe('windows of one batch'),
  documentMask: z
    .boolean()
    .nullable()
    .default(null)
    .describe('no attention across documents; null: as the model was trained'),
  rawOnly: z.boolean().default(false).describe('score raw bytes, whatever the training representation'),
  bootstrapSamples: z.int().positive().default(1000).describe('resamples of documents for the intervals'),
});

export type BpbOptions = z.infer<typeof bpbOptions>;
