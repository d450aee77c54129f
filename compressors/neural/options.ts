import { z } from 'zod';
import { DEFAULT_CODEBOOK } from '../../src/neural-coding/artifacts.js';
import { CODE_NUMBERINGS, WINDOW_CODERS } from '../../src/neural-coding/parameters.js';
import { PAPER_SEGMENTATION, QUANTILE_STEPS } from '../../src/neural-coding/segmentation-calibration.js';
import { BOUNDARY_CRITERIA } from '../../src/neural-coding/segmentation-rule.js';

const quantile = z
  .number()
  .gt(0)
  .lt(1)
  .multipleOf(1 / QUANTILE_STEPS);

const SEGMENTATIONS = ['none', 'table', 'entropy'] as const;
type Segmentation = (typeof SEGMENTATIONS)[number];

const BY_TABLE: readonly Segmentation[] = ['table'];
const BY_MODEL: readonly Segmentation[] = ['entropy'];
const BY_EITHER: readonly Segmentation[] = ['table', 'entropy'];

/** Options that only some kinds of segmentation read; null is "not given". */
const READ_BY = [
  ['entropyTable', BY_TABLE],
  ['segmentationModel', BY_MODEL],
  ['segmentationQuantiles', BY_MODEL],
  ['criterion', BY_EITHER],
  ['levelQuantile', BY_EITHER],
  ['jumpQuantile', BY_EITHER],
  ['longestSegment', BY_EITHER],
] as const;

export const neuralOptions = z
  .strictObject({
    codebook: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe(`a codebook that ships with the package, or the path of one; null: ${DEFAULT_CODEBOOK}, or the model`),
    symbolBits: z
      .int()
      .min(1)
      .max(16)
      .nullable()
      .default(null)
      .describe('bits of a symbol, which divide those of a window; null: as many as possible'),
    codes: z
      .enum(CODE_NUMBERINGS)
      .default('sparse')
      .describe('sparse: codes keep their numbers; compact: those in use are renumbered, for a smaller vocabulary'),
    segmentation: z
      .enum(SEGMENTATIONS)
      .default('none')
      .describe('what cuts documents into segments, which windows do not cross'),
    entropyTable: z.string().min(1).nullable().default(null).describe('table: its file, or one that ships; null: code'),
    segmentationModel: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('entropy: run or checkpoint of a byte model'),
    segmentationQuantiles: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("entropy: quantiles of the model's entropies; null: quantiles.json in the run or checkpoint"),
    criterion: z
      .enum(BOUNDARY_CRITERIA)
      .nullable()
      .default(null)
      .describe(`where segments begin: a high entropy, a jump, either, both; null: ${PAPER_SEGMENTATION.criterion}`),
    levelQuantile: quantile
      .nullable()
      .default(null)
      .describe(`share of bytes whose entropy is not high; null: ${PAPER_SEGMENTATION.levelQuantile}`),
    jumpQuantile: quantile
      .nullable()
      .default(null)
      .describe(`share of bytes where it has not risen; null: ${PAPER_SEGMENTATION.jumpQuantile}`),
    longestSegment: z
      .int()
      .positive()
      .nullable()
      .default(null)
      .describe(`bytes of the longest segment; null: ${PAPER_SEGMENTATION.longest}`),
    model: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('run or checkpoint of a byte model that codes without a codebook, for windows of any width'),
    windowBits: z.int().min(12).max(64).nullable().default(null).describe('bits of a window of the model; null: 24'),
    coder: z
      .enum(WINDOW_CODERS)
      .nullable()
      .default(null)
      .describe(
        'window coder: the one that a codebook must have been made for, or that of the model; null: any, or strict',
      ),
    portable: z
      .boolean()
      .default(false)
      .describe('evaluate the model in portable arithmetic: slow, and the same codes on every machine'),
    lenient: z
      .boolean()
      .default(false)
      .describe('read codes of the published pipeline as it does: drop coded bytes that do not fill a window'),
  })
  .superRefine((options, context) => {
    const unread = (field: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [field], message });
    for (const [field, kinds] of READ_BY)
      if (options[field] !== null && !kinds.includes(options.segmentation))
        unread(field, `is not read unless segmentation is ${kinds.join(' or ')}`);
    if (options.model === null) {
      if (options.windowBits !== null) unread('windowBits', 'is not read without a model: a codebook has its own');
      if (options.portable) unread('portable', 'is not read without a model');
    } else {
      if (options.codebook !== null) unread('codebook', 'is not read beside a model: leave out one of them');
      if (options.codes === 'compact') unread('codes', 'cannot be compact without a codebook');
    }
    if (options.segmentation === 'entropy' && options.segmentationModel === null)
      unread('segmentationModel', 'is needed for segmentation entropy: name a run or checkpoint of `pc train`');
  });

export type NeuralOptions = z.infer<typeof neuralOptions>;
