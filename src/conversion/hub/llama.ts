import { z } from 'zod';
import {
  createModel,
  type ModelOptions,
  modelOptions,
  type ParameterSpec,
  vocabularySizes,
} from '../../models/index.js';
import { UsageError } from '../../support/errors.js';
import { BOS, EOS, PAD } from '../../vocabulary/layout.js';
import type { VocabularyLayout } from '../../vocabulary/vocabulary.js';
import { type HeadOrder, type TensorPlan, wholeTensor } from '../tensor-plan.js';
import { type HubConfig, parseHubConfig, requireSupported } from './hub-config.js';
import { type FromHub, type HubModel, type RawHeadMode, rawHeadsInWords } from './hub-model.js';

/**
 * OpenCoder as `LlamaForCausalLM`, which `transformers` brings along. Our rotary embedding turns neighbouring rows of a
 * head, theirs those of its two halves: the rows of queries and keys change places.
 */
type OpenCoderOptions = Extract<ModelOptions, { architecture: 'opencoder' }>;

/** Where a table has rows for several heads, the first is the one that predicts the next symbol. */
const OUTPUT = 'output.weight';
const RAW_OUTPUT = 'raw_output.weight';

const TOP_NAMES: Readonly<Record<string, string>> = {
  'tok_embeddings.weight': 'model.embed_tokens.weight',
  'norm.weight': 'model.norm.weight',
  [OUTPUT]: 'lm_head.weight',
};

const LAYER_NAMES: Readonly<Record<string, string>> = {
  'attention.wq': 'self_attn.q_proj',
  'attention.wk': 'self_attn.k_proj',
  'attention.wv': 'self_attn.v_proj',
  'attention.wo': 'self_attn.o_proj',
  'feed_forward.w1': 'mlp.gate_proj',
  'feed_forward.w2': 'mlp.down_proj',
  'feed_forward.w3': 'mlp.up_proj',
  attention_norm: 'input_layernorm',
  ffn_norm: 'post_attention_layernorm',
};

function hubName(name: string): string {
  const [, layer, part] = /^layers\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
  return part === undefined ? TOP_NAMES[name]! : `model.layers.${layer}.${LAYER_NAMES[part]}.weight`;
}

/** The heads whose rows change places in a tensor of ours; undefined: none do. */
function rotaryHeads(name: string, options: OpenCoderOptions, order: HeadOrder): TensorPlan['heads'] {
  const { attentionHeads, keyValueHeads } = options;
  if (name.endsWith('.attention.wq.weight')) return { count: attentionHeads, order };
  if (name.endsWith('.attention.wk.weight')) return { count: keyValueHeads ?? attentionHeads, order };
  return undefined;
}

function withHeads(plan: TensorPlan, heads: TensorPlan['heads']): TensorPlan {
  return heads ? { ...plan, heads } : plan;
}

/** @throws UsageError if raw heads are to be merged: the published model predicts one symbol */
export function llamaToHub(
  options: OpenCoderOptions,
  vocabulary: VocabularyLayout,
  sequenceLength: number,
  rawHeads: RawHeadMode,
): HubModel {
  if (rawHeads === 'merge')
    throw new UsageError('LlamaForCausalLM has one prediction head, so there is nothing to merge raw heads with', {
      hint: 'Leave out --raw-heads; all heads but the first are discarded.',
    });
  const { parameters } = createModel(options, vocabularySizes(vocabulary.size));
  const plans = parameters
    .filter(({ name }) => name !== RAW_OUTPUT)
    .map(({ name, shape }) =>
      name === OUTPUT
        ? firstHead(shape, vocabulary.size)
        : withHeads(wholeTensor(hubName(name), name, shape), rotaryHeads(name, options, 'neighbours-to-halves')),
    );
  const { predictionHeads, rawHeads: raw } = options;
  return {
    config: llamaConfig(options, vocabulary.size, sequenceLength),
    plans,
    vocabulary,
    leftOut: [
      ...(predictionHeads > 1 ? [`all but the first of ${predictionHeads} prediction heads`] : []),
      ...(raw > 0 ? [rawHeadsInWords(raw)] : []),
    ],
  };
}

function firstHead([of, ...rest]: readonly number[], size: number): TensorPlan {
  return { name: hubName(OUTPUT), shape: [size, ...rest], runs: [{ source: OUTPUT, start: 0, count: size, of: of! }] };
}

function llamaConfig(
  options: OpenCoderOptions,
  vocabularySize: number,
  sequenceLength: number,
): Record<string, unknown> {
  const { hiddenSize, attentionHeads, keyValueHeads, headSize } = options;
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    attention_bias: false,
    attention_dropout: 0,
    bos_token_id: BOS,
    eos_token_id: EOS,
    head_dim: headSize ?? hiddenSize / attentionHeads,
    hidden_act: 'silu',
    hidden_size: hiddenSize,
    intermediate_size: options.intermediateSize,
    max_position_embeddings: sequenceLength,
    mlp_bias: false,
    num_attention_heads: attentionHeads,
    num_hidden_layers: options.layers,
    num_key_value_heads: keyValueHeads ?? attentionHeads,
    pad_token_id: PAD,
    rms_norm_eps: options.normEpsilon,
    rope_scaling: null,
    rope_theta: options.ropeTheta,
    tie_word_embeddings: options.tiedEmbedding,
    use_cache: true,
    vocab_size: vocabularySize,
  };
}

const size = z.int().positive();

const publishedConfig = z.object({
  head_dim: size.nullish(),
  hidden_size: size,
  intermediate_size: size,
  max_position_embeddings: size,
  num_attention_heads: size,
  num_hidden_layers: size,
  num_key_value_heads: size.nullish(),
  rms_norm_eps: z.number().positive(),
  rope_theta: z.number().positive().optional(),
  /** Where later versions of `transformers` keep what was `rope_theta` and `rope_scaling`. */
  rope_parameters: z
    .object({ rope_theta: z.number().positive().optional(), rope_type: z.string().optional() })
    .nullish(),
  tie_word_embeddings: z.boolean().default(false),
  vocab_size: size,
});

/** The base of `transformers` where a configuration names none. */
const DEFAULT_ROPE_THETA = 10_000;

/** @throws CheckpointError naming a key that is missing, or has a value our model has no counterpart for */
export function llamaFromHub(config: HubConfig): FromHub {
  requireSupported(config, [
    { key: 'hidden_act', values: ['silu'] },
    { key: 'attention_bias', values: [false] },
    { key: 'mlp_bias', values: [false] },
    { key: 'rope_scaling', values: [null] },
    { key: 'sliding_window', values: [null] },
    { key: 'pretraining_tp', values: [1, null] },
  ]);
  const published = parseHubConfig(config, publishedConfig);
  const rope = published.rope_parameters;
  requireSupported({ file: config.file, values: { 'rope_parameters.rope_type': rope?.rope_type } }, [
    { key: 'rope_parameters.rope_type', values: ['default'] },
  ]);
  const options = parseHubConfig(
    {
      file: config.file,
      values: {
        architecture: 'opencoder',
        hiddenSize: published.hidden_size,
        intermediateSize: published.intermediate_size,
        layers: published.num_hidden_layers,
        attentionHeads: published.num_attention_heads,
        keyValueHeads: published.num_key_value_heads ?? null,
        headSize: published.head_dim ?? null,
        normEpsilon: published.rms_norm_eps,
        ropeTheta: published.rope_theta ?? rope?.rope_theta ?? DEFAULT_ROPE_THETA,
        tiedEmbedding: published.tie_word_embeddings,
      },
    },
    modelOptions,
  );
  if (options.architecture !== 'opencoder') throw new TypeError('the options are of another architecture');
  const { parameters } = createModel(options, vocabularySizes(published.vocab_size));
  return {
    options,
    vocabularySize: published.vocab_size,
    sequenceLength: published.max_position_embeddings,
    plans: parameters.map(({ name, shape }: ParameterSpec) =>
      withHeads(wholeTensor(name, hubName(name), shape), rotaryHeads(name, options, 'halves-to-neighbours')),
    ),
    // Rotary frequencies are computed; a tied model's files may hold the embedding a second time.
    isIgnored: (name) =>
      /(^|\.)rotary_emb\.inv_freq$/.test(name) || (options.tiedEmbedding && name === TOP_NAMES[OUTPUT]),
  };
}
