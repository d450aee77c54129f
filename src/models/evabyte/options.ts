import { z } from 'zod';
import { MOST_LAYERS } from '../most-layers.js';

/** Hyper-parameters of EvaByte (behaviour §4.1). Defaults are the reference's, with the chunk size of its configurations. */
export const evabyteOptions = z
  .strictObject({
    architecture: z.literal('evabyte'),
    hiddenSize: z.int().positive().default(4096).describe('width of the residual stream, D'),
    intermediateSize: z.int().positive().default(11008).describe('width of the gated MLP, I'),
    layers: z.int().positive().max(MOST_LAYERS).default(32).describe('number of blocks, L'),
    attentionHeads: z.int().positive().default(32).describe('number of attention heads, H; D/H must be even'),
    normUnitOffset: z.boolean().default(true).describe('store norm weights as offsets from one'),
    normEpsilon: z.number().positive().default(1e-6),
    ropeTheta: z.number().positive().default(100_000).describe('base of the rotary frequencies'),
    windowSize: z
      .int()
      .positive()
      .default(2048)
      .describe('tokens a query attends to exactly, w; must divide the sequence length'),
    chunkSize: z
      .int()
      .positive()
      .default(8)
      .describe('tokens summarised together in earlier windows, cs; must divide the window size'),
    predictionHeads: z.int().positive().default(8).describe('future symbols predicted at each position, P'),
    rawHeads: z.int().nonnegative().default(0).describe('further heads over the raw vocabulary alone, R'),
    init: z
      .strictObject({
        scheme: z.enum(['evabyte', 'default']).default('evabyte').describe('evabyte: embedding std 1.0; default: 0.02'),
        embeddingStd: z.number().positive().nullable().default(null).describe('overrides the std of the scheme'),
        inputStd: z.number().positive().default(0.02).describe('std of q, k, v, gate and up projections'),
        outputStd: z.number().positive().default(0.02).describe('std of o and down projections and of all heads'),
      })
      .prefault({}),
  })
  .superRefine((model, context) => {
    if (model.hiddenSize % model.attentionHeads !== 0 || (model.hiddenSize / model.attentionHeads) % 2 !== 0)
      context.addIssue({
        code: 'custom',
        path: ['attentionHeads'],
        message: `hiddenSize ${model.hiddenSize} divided by ${model.attentionHeads} heads must be an even whole number`,
      });
    if (model.windowSize % model.chunkSize !== 0)
      context.addIssue({
        code: 'custom',
        path: ['chunkSize'],
        message: `chunkSize ${model.chunkSize} must divide windowSize ${model.windowSize}`,
      });
  });

export type EvaByteOptions = z.infer<typeof evabyteOptions>;
