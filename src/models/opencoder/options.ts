import { z } from 'zod';
import { MOST_LAYERS } from '../most-layers.js';

/** Hyper-parameters of the OpenCoder-style Llama block (behaviour §5). Defaults are the reference's; it has one head. */
export const opencoderOptions = z
  .strictObject({
    architecture: z.literal('opencoder'),
    hiddenSize: z.int().positive().default(512).describe('width of the residual stream, D'),
    intermediateSize: z.int().positive().default(2048).describe('width of the gated MLP, I, used as it is'),
    layers: z.int().positive().max(MOST_LAYERS).default(8).describe('number of blocks, L'),
    attentionHeads: z.int().positive().default(8).describe('number of heads of queries, H'),
    keyValueHeads: z
      .int()
      .positive()
      .nullable()
      .default(null)
      .describe('heads of keys and values, each shared by a group of queries; must divide H; null: H'),
    headSize: z.int().positive().nullable().default(null).describe('width of a head, even; null: D/H'),
    normEpsilon: z.number().positive().default(1e-5),
    ropeTheta: z.number().positive().default(10_000).describe('base of the rotary frequencies'),
    tiedEmbedding: z.boolean().default(false).describe('the embedding is the output matrix too; for one head'),
    predictionHeads: z.int().positive().default(1).describe('future symbols predicted at each position, P'),
    rawHeads: z.int().nonnegative().default(0).describe('further heads over the raw vocabulary alone, R'),
    init: z
      .strictObject({
        baseStd: z
          .number()
          .positive()
          .nullable()
          .default(null)
          .describe(
            'std of the projections within blocks; null: fan-in to the power of −½. Tables have D to the power of −½',
          ),
        factor: z
          .enum(['disabled', 'global_depth', 'current_depth', 'dim_ratio'])
          .default('disabled')
          .describe('what the std of wo and w2 is divided by: nothing, √(2(L+1)), √(2(layer+1)) or D/4096'),
      })
      .prefault({}),
  })
  .superRefine((model, context) => {
    const { hiddenSize, attentionHeads, keyValueHeads, headSize } = model;
    const issue = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
    if (headSize === null && hiddenSize % (2 * attentionHeads) !== 0)
      issue(
        'attentionHeads',
        `hiddenSize ${hiddenSize} divided by ${attentionHeads} heads must be an even whole number, or headSize be given`,
      );
    if (headSize !== null && headSize % 2 !== 0)
      issue('headSize', `headSize ${headSize} must be even: rotary embedding turns pairs`);
    if (keyValueHeads !== null && attentionHeads % keyValueHeads !== 0)
      issue('keyValueHeads', `keyValueHeads ${keyValueHeads} must divide attentionHeads ${attentionHeads}`);
    if (model.tiedEmbedding && model.predictionHeads > 1)
      issue('tiedEmbedding', `a tied embedding predicts one symbol, and predictionHeads is ${model.predictionHeads}`);
  });

export type OpenCoderOptions = z.infer<typeof opencoderOptions>;

/** Sizes of attention, with the derived ones filled in. */
export interface AttentionSizes {
  /** Heads of queries, H. */
  heads: number;
  /** Heads of keys and values. */
  keyValueHeads: number;
  /** Width of a head, d. */
  headSize: number;
}

export function attentionSizes({
  hiddenSize,
  attentionHeads: heads,
  keyValueHeads,
  headSize,
}: OpenCoderOptions): AttentionSizes {
  return { heads, keyValueHeads: keyValueHeads ?? heads, headSize: headSize ?? hiddenSize / heads };
}
