import type { ModelOptions } from '../../models/index.js';
import type { VocabularyLayout } from '../../vocabulary/vocabulary.js';
import type { TensorPlan } from '../tensor-plan.js';

/** What becomes of heads over the raw vocabulary alone, which the published model does not have. */
export const RAW_HEAD_MODES = ['discard', 'merge'] as const;
export type RawHeadMode = (typeof RAW_HEAD_MODES)[number];

/** As what is left out is told. */
export const rawHeadsInWords = (count: number): string =>
  count === 1 ? 'the head over the raw vocabulary' : `${count} heads over the raw vocabulary`;

/** One of our models as the libraries of the hub know it. */
export interface HubModel {
  /** Its part of config.json. */
  config: Readonly<Record<string, unknown>>;
  /** Tensors in the order in which they are written, made of ours. */
  plans: TensorPlan[];
  /** The ids that are left. */
  vocabulary: VocabularyLayout;
  /** Parts that the published model has no place for, in words. */
  leftOut: string[];
}

/** A model from the hub as ours. */
export interface FromHub {
  options: ModelOptions;
  /** Rows of its embedding. */
  vocabularySize: number;
  /** Longest sequence that it was made for. */
  sequenceLength: number;
  /** Our parameters, made of its tensors. */
  plans: TensorPlan[];
  /** Tensors that files may hold and the model does not need: what can be computed. */
  isIgnored(name: string): boolean;
}
