import { z } from 'zod';

/** AdamW and the learning-rate schedules (behaviour §6). */
export const optimOptions = z.strictObject({
  learningRate: z.number().positive().default(3e-4),
  weightDecay: z.number().nonnegative().default(0.1),
  noDecayEmbedding: z.boolean().default(false).describe('exempt the embedding from weight decay'),
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.95),
  epsilon: z.number().positive().default(1e-8),
  clip: z
    .number()
    .positive()
    .nullable()
    .default(1)
    .describe('largest L2 norm of the whole gradient; null: no clipping'),
  schedule: z.enum(['constant', 'linear', 'inv_sqrt', 'cosine', 'wsd', 'linear_decay']).default('cosine'),
  warmup: z.int().nonnegative().default(2000).describe('steps of linear warmup; linear_decay has none'),
  minRatio: z.number().min(0).max(1).default(0.1).describe('smallest multiplier of the learning rate'),
  cycleLength: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe('cosine and wsd: length of a cycle as a share of all steps'),
  cosineTheta: z.number().positive().default(1),
  decayFraction: z
    .number()
    .min(0)
    .lt(1)
    .default(0.1)
    .describe('wsd: steps of the decay that ends a cycle, as a share of all steps up to there'),
  expFactor: z.number().positive().default(0.5).describe('inv_sqrt: exponent of W/s'),
  startDecayStep: z.int().nonnegative().default(10_000).describe('linear_decay: last step at the full rate'),
});

export type OptimOptions = z.infer<typeof optimOptions>;

/** What the loss counts (behaviour §4.5, §4.7, §4.8). */
export const lossOptions = z.strictObject({
  documentMask: z.boolean().default(true).describe('no attention across documents; positions restart at each'),
  multibyteMask: z.boolean().default(false).describe('weigh the heads of every position as in behaviour §4.8'),
  disableCrossBytePrediction: z
    .boolean()
    .default(false)
    .describe('multibyteMask: after a raw byte, no head predicts past the first compressed symbol'),
  weightCompressed: z
    .boolean()
    .default(false)
    .describe('multibyteMask: down-weigh positions that predict compressed symbols'),
  compressedWeight: z
    .number()
    .positive()
    .default(1 / 3)
    .describe('weightCompressed: weight of such a position'),
  chunkTokens: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('compute logits and cross-entropy for this many positions at a time, to bound memory; null: all at once'),
});

export type LossOptions = z.infer<typeof lossOptions>;

export const checkpointOptions = z.strictObject({
  every: z.int().positive().default(1000).describe('steps between checkpoints; one is always written at the end'),
  keep: z.int().nonnegative().default(2).describe('newest checkpoints that are kept; 0: all'),
  keepEvery: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('also keep every checkpoint whose step is a multiple of this'),
  shardBytes: z
    .int()
    .positive()
    .default(2 * 2 ** 30)
    .describe('most bytes of tensors in one file of a checkpoint; larger tensors are cut by rows'),
  onSaveFailure: z
    .enum(['stop', 'continue'])
    .default('stop')
    .describe(
      'when a checkpoint cannot be written (disk full, read-only) and there is an older one: stop, or train on and say so',
    ),
});

export type CheckpointOptions = z.infer<typeof checkpointOptions>;

export const loggingOptions = z.strictObject({
  every: z.int().positive().default(10).describe('steps between lines of metrics.jsonl'),
  tensorboard: z.boolean().default(false),
  wandb: z
    .strictObject({
      enabled: z.boolean().default(false),
      project: z.string().default('proxy-compression'),
      entity: z.string().nullable().default(null),
      mode: z.enum(['online', 'offline']).default('online'),
    })
    .prefault({}),
  probe: z.int().positive().nullable().default(null).describe('steps between statistics of activations and gradients'),
  profile: z.boolean().default(false).describe('profile one step, operation by operation'),
});

export type LoggingOptions = z.infer<typeof loggingOptions>;

export const validationOptions = z.strictObject({
  every: z.int().positive().nullable().default(null).describe('steps between measurements of the validation loss'),
  batches: z.int().positive().default(8).describe('batches of held-out text in one measurement'),
});

export type ValidationOptions = z.infer<typeof validationOptions>;
