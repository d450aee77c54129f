import { z } from 'zod';
import {
  createModel,
  type ModelOptions,
  modelOptions,
  type ParameterSpec,
  vocabularySizes,
} from '../../models/index.js';
import { UsageError } from '../../support/errors.js';
import { BOS, EOS, PAD, RAW_LIMIT } from '../../vocabulary/layout.js';
import type { VocabularyLayout } from '../../vocabulary/vocabulary.js';
import { type RowRun, type TensorPlan, wholeTensor } from '../tensor-plan.js';
import { type HubConfig, parseHubConfig, requireSupported } from './hub-config.js';
import { type FromHub, type HubModel, type RawHeadMode, rawHeadsInWords } from './hub-model.js';

/**
 * EvaByte on the hub. Its modelling code is published there, and configurations point to it: nothing of it is copied.
 */
const REPOSITORY = 'EvaByte/EvaByte';

/** Weights of heads, which the hub keeps outside of the `model.` prefix. */
const HEAD = 'lm_head.weight';
const RAW_HEAD = 'raw_multibyte_lm_head.weight';
const EMBEDDING = 'embed_tokens.weight';

type EvaByteOptions = Extract<ModelOptions, { architecture: 'evabyte' }>;

const hubName = (name: string): string => (name === HEAD ? name : `model.${name}`);

/**
 * @param rawHeads `merge` makes the raw heads further prediction heads: all heads, and the embedding, are then over the
 *   raw vocabulary alone, so sizes agree; `discard` leaves them out
 * @throws UsageError if there are none to merge
 */
export function evabyteToHub(
  options: EvaByteOptions,
  vocabulary: VocabularyLayout,
  sequenceLength: number,
  rawHeads: RawHeadMode,
): HubModel {
  const { parameters } = createModel(options, vocabularySizes(vocabulary.size));
  const merged = rawHeads === 'merge';
  if (merged && (options.rawHeads === 0 || !vocabulary.rawIncluded))
    throw new UsageError('the model has no raw heads to merge', { hint: 'Leave out --raw-heads.' });
  const left = merged ? { ...vocabulary, size: RAW_LIMIT, alphabetSize: 0 } : vocabulary;
  const heads = merged ? options.predictionHeads + options.rawHeads : options.predictionHeads;
  const plans = parameters
    .filter(({ name }) => name !== RAW_HEAD)
    .map(({ name, shape }) =>
      merged && (name === HEAD || name === EMBEDDING)
        ? rawRows(name, shape, name === HEAD ? options : { predictionHeads: 1, rawHeads: 0 }, vocabulary.size)
        : wholeTensor(hubName(name), name, shape),
    );
  return {
    config: evabyteConfig(options, left.size, heads, sequenceLength),
    plans,
    vocabulary: left,
    leftOut: merged ? surplusIds(vocabulary.size) : options.rawHeads > 0 ? [rawHeadsInWords(options.rawHeads)] : [],
  };
}

const surplusIds = (size: number): string[] =>
  size > RAW_LIMIT ? [`ids ${RAW_LIMIT}–${size - 1} of every table`] : [];

/** The first rows of each table over the whole vocabulary, and after them the tables over the raw one. */
function rawRows(
  name: string,
  shape: readonly number[],
  { predictionHeads, rawHeads }: Pick<EvaByteOptions, 'predictionHeads' | 'rawHeads'>,
  size: number,
): TensorPlan {
  const runs: RowRun[] = Array.from({ length: predictionHeads }, (_, head) => ({
    source: name,
    start: head * size,
    count: RAW_LIMIT,
    of: predictionHeads * size,
  }));
  const raw = rawHeads * RAW_LIMIT;
  if (raw > 0) runs.push({ source: RAW_HEAD, start: 0, count: raw, of: raw });
  return { name: hubName(name), shape: [(predictionHeads + rawHeads) * RAW_LIMIT, ...shape.slice(1)], runs };
}

/** Keys as in the published configuration; those that only tell how the published model was initialised are left out. */
function evabyteConfig(
  options: EvaByteOptions,
  vocabularySize: number,
  heads: number,
  sequenceLength: number,
): Record<string, unknown> {
  return {
    architectures: ['EvaByteForCausalLM'],
    auto_map: {
      AutoConfig: `${REPOSITORY}--configuration_evabyte.EvaByteConfig`,
      AutoModelForCausalLM: `${REPOSITORY}--modeling_evabyte.EvaByteForCausalLM`,
    },
    model_type: 'evabyte',
    attention_bias: false,
    attention_class: 'eva',
    bos_token_id: BOS,
    chunk_size: options.chunkSize,
    eos_token_id: EOS,
    fp32_ln: true,
    fp32_logits: true,
    fp32_skip_add: false,
    hidden_act: 'silu',
    hidden_size: options.hiddenSize,
    intermediate_size: options.intermediateSize,
    max_position_embeddings: sequenceLength,
    max_seq_length: sequenceLength,
    mixedp_attn: true,
    norm_add_unit_offset: options.normUnitOffset,
    num_attention_heads: options.attentionHeads,
    num_chunks: null,
    num_hidden_layers: options.layers,
    num_key_value_heads: options.attentionHeads,
    num_pred_heads: heads,
    pad_token_id: PAD,
    return_dict: false,
    rms_norm_eps: options.normEpsilon,
    rope_scaling: null,
    rope_theta: options.ropeTheta,
    tie_word_embeddings: false,
    vocab_size: vocabularySize,
    window_size: options.windowSize,
  };
}

/** The tokenizer's configuration: bytes need no vocabulary, and its class stands beside the modelling code. */
export const EVABYTE_TOKENIZER = {
  auto_map: { AutoTokenizer: [`${REPOSITORY}--tokenization_evabyte.EvaByteTokenizer`, null] },
  bos_token: '<bos>',
  clean_up_tokenization_spaces: false,
  eos_token: '<eos>',
  pad_token: '<pad>',
  sep_token: '<sep>',
  tokenizer_class: 'EvaByteTokenizer',
  unk_token: '<unk>',
} as const;

const size = z.int().positive();

const publishedConfig = z.object({
  chunk_size: size,
  hidden_size: size,
  intermediate_size: size,
  max_position_embeddings: size,
  norm_add_unit_offset: z.boolean(),
  num_attention_heads: size,
  num_hidden_layers: size,
  num_pred_heads: size.default(1),
  rms_norm_eps: z.number().positive(),
  rope_theta: z.number().positive(),
  vocab_size: size,
  window_size: size,
});

/** @throws CheckpointError naming a key that is missing, or has a value our model has no counterpart for */
export function evabyteFromHub(config: HubConfig): FromHub {
  requireSupported(config, [
    { key: 'hidden_act', values: ['silu'] },
    { key: 'attention_bias', values: [false] },
    { key: 'attention_class', values: ['eva', null] },
    { key: 'rope_scaling', values: [null] },
    { key: 'num_chunks', values: [null] },
    { key: 'tie_word_embeddings', values: [false] },
    { key: 'num_key_value_heads', values: [config.values.num_attention_heads, null] },
  ]);
  const published = parseHubConfig(config, publishedConfig);
  const options = parseHubConfig(
    {
      file: config.file,
      values: {
        architecture: 'evabyte',
        hiddenSize: published.hidden_size,
        intermediateSize: published.intermediate_size,
        layers: published.num_hidden_layers,
        attentionHeads: published.num_attention_heads,
        normUnitOffset: published.norm_add_unit_offset,
        normEpsilon: published.rms_norm_eps,
        ropeTheta: published.rope_theta,
        windowSize: published.window_size,
        chunkSize: published.chunk_size,
        predictionHeads: published.num_pred_heads,
        rawHeads: 0,
      },
    },
    modelOptions,
  );
  const { parameters } = createModel(options, vocabularySizes(published.vocab_size));
  return {
    options,
    vocabularySize: published.vocab_size,
    sequenceLength: wholeWindows(published.max_position_embeddings, published.window_size),
    plans: parameters.map(({ name, shape }: ParameterSpec) => wholeTensor(name, hubName(name), shape)),
    // Tables of angles, which some versions of the code saved, with or without the prefix.
    isIgnored: (name) => /^(model\.)?rotary_emb\./.test(name),
  };
}

/** Sequences of ours have a whole number of windows. */
function wholeWindows(length: number, window: number): number {
  return Math.max(1, Math.floor(length / window)) * window;
}
