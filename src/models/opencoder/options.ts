import { z } from 'zod';

/** Hyper-parameters of the OpenCoder-style Llama block (behaviour §5). */
export const opencoderOptions = z.strictObject({
  architecture: z.literal('opencoder'),
  hiddenSize: z.int().positive().default(512),
  intermediateSize: z.int().positive().default(2048).describe('width of the gated MLP, used as it is'),
  layers: z.int().positive().default(8),
  attentionHeads: z.int().positive().default(8),
  keyValueHeads: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('grouped-query attention; null: as many as attentionHeads'),
  headSize: z.int().positive().nullable().default(null).describe('null: hiddenSize / attentionHeads'),
  normEpsilon: z.number().positive().default(1e-5),
  ropeTheta: z.number().positive().default(10_000),
  tiedEmbedding: z.boolean().default(false),
  init: z
    .strictObject({
      baseStd: z.number().positive().nullable().default(null).describe('null: fan-in to the power of −½'),
      factor: z.enum(['disabled', 'global_depth', 'current_depth', 'dim_ratio']).default('disabled'),
    })
    .prefault({}),
});
