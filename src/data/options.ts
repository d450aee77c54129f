import { z } from 'zod';

export const MIX_MODES = [
  'vanilla',
  'sentinel',
  'translation_raw_compressed',
  'translation_compressed_raw',
  'translation_random',
  'parallel_raw_compressed',
  'parallel_compressed_raw',
  'parallel_random',
] as const;

export const mixMode = z.enum(MIX_MODES);
export type MixModeName = z.infer<typeof mixMode>;

const rate = z.number().min(0).max(1);

/** Rate and mode by optimizer step (behaviour §1.10). */
export const compressionScheduleOptions = z.strictObject({
  warmup: z.int().nonnegative().describe('steps over which the rate goes from initial to peak'),
  steady: z.int().nonnegative().describe('steps at the peak rate'),
  decay: z.int().nonnegative().describe('steps over which the rate goes from peak to final'),
  initialRate: rate,
  peakRate: rate,
  finalRate: rate,
  initialMode: mixMode.describe('mode during warmup'),
  steadyMode: mixMode,
  finalMode: mixMode.describe('mode during decay and after it'),
});

export type CompressionScheduleOptions = z.infer<typeof compressionScheduleOptions>;

/** Crops that begin anywhere in a document; `crop.starts` otherwise names a codebook. */
export const RANDOM_STARTS = 'random';

/** Rows that are crops of documents, each after BOS, instead of documents end to end. */
export const cropOptions = z.strictObject({
  every: z
    .int()
    .positive()
    .default(1024)
    .describe(
      'symbols of text, or windows where starts names a codebook, for each crop: more makes neighbouring batches less alike, and reads more data',
    ),
  starts: z
    .string()
    .min(1)
    .default(RANDOM_STARTS)
    .describe(
      'where crops begin: random, or at the windows of a codebook, given by the name of a shipped one or its file',
    ),
});

export type CropOptions = z.infer<typeof cropOptions>;

export const dataOptions = z.strictObject({
  root: z.string().default('data').describe('folder that holds one folder a source'),
  sources: z
    .record(z.string(), z.number().positive())
    .default({ train: 1 })
    .describe('weight of each source folder below root; weights are normalised'),
  validation: z.string().nullable().default('data/validation').describe('folder or file of held-out documents'),
  compressor: z.string().default('gzip').describe('name of a compressor plugin; `pc compressors` lists them'),
  mix: mixMode.default('sentinel').describe('how raw and compressed text are laid out'),
  rate: rate.default(0).describe('share of compressed text, counted in units of rateUnit'),
  rateUnit: z.enum(['document', 'symbol']).default('document'),
  schedule: compressionScheduleOptions
    .nullable()
    .default(null)
    .describe('rate and mode by optimizer step; replaces mix and rate'),
  addBos: z.boolean().default(true),
  addEos: z.boolean().default(true),
  crop: cropOptions
    .nullable()
    .default(null)
    .describe('every row begins with BOS and goes on from within a document; null: documents end to end'),
  codeField: z
    .string()
    .nullable()
    .default(null)
    .describe('record field with precomputed codes; `m1_ac_*` draws one of the matching fields for each document'),
  precomputed: z
    .enum(['auto', 'require', 'ignore'])
    .default('auto')
    .describe('codes that `pc preprocess` made: auto takes them where they are, ignore compresses while loading'),
  onBadRecord: z.enum(['fail', 'skip']).default('fail').describe('what to do with a record that cannot be read'),
  shuffle: z.boolean().default(true).describe('seeded shuffle of the documents of a block'),
  blockBytes: z.int().positive().default(1_048_576).describe('bytes of text that are shuffled together, for each row'),
  prefetch: z.int().positive().default(4).describe('batches that the loader keeps ready'),
});

export type DataOptions = z.infer<typeof dataOptions>;

/** Shape of one optimizer step's data. */
export const batchOptions = z
  .strictObject({
    size: z.int().positive().default(8).describe('sequences of one optimizer step, over all processes'),
    accumulation: z.int().positive().default(1).describe('micro-batches that one optimizer step is split into'),
    rematerialise: z
      .union([z.boolean(), z.literal('selective')])
      .default(false)
      .describe(
        "compute each layer's activations again in the backward pass instead of keeping them: less memory, slower; selective: all but products with parameters",
      ),
    sequenceLength: z.int().positive().default(512).describe('symbols of a sequence that the model reads, N'),
  })
  .superRefine((batch, context) => {
    if (batch.size % batch.accumulation !== 0)
      context.addIssue({
        code: 'custom',
        path: ['accumulation'],
        message: `accumulation ${batch.accumulation} must divide batch.size ${batch.size}`,
      });
  });

/** Which activations are computed again: none, those of every layer, or those that cost little. */
export type Rematerialisation = BatchOptions['rematerialise'];

export type BatchOptions = z.infer<typeof batchOptions>;
