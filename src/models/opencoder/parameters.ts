import type { Initialisation, ParameterSpec, VocabularySizes } from '../model.js';
import { attentionSizes, type OpenCoderOptions } from './options.js';

/** What the standard deviation of wo and w2 is divided by, in a layer counted from 0 (behaviour §5; O4: layers and one). */
const OUTPUT_DIVISOR: Record<OpenCoderOptions['init']['factor'], (model: OpenCoderOptions, layer: number) => number> = {
  disabled: () => 1,
  global_depth: ({ layers }) => Math.sqrt(2 * (layers + 1)),
  current_depth: (_, layer) => Math.sqrt(2 * (layer + 1)),
  dim_ratio: ({ hiddenSize }) => hiddenSize / 4096,
};

/** Standard deviations beyond which no first value is. */
const CUTOFF = 3;

/** All parameters under the reference's names (behaviour §5); linear weights are [out, in]. Raw heads, which it lacks, come last. */
export function opencoderParameters(model: OpenCoderOptions, vocabulary: VocabularySizes): ParameterSpec[] {
  const { hiddenSize: D, intermediateSize: I, predictionHeads: P, rawHeads: R, init } = model;
  const { heads, keyValueHeads, headSize } = attentionSizes(model);
  const ofQueries = heads * headSize;
  const ofKeys = keyValueHeads * headSize;
  const std = (fanIn: number) => init.baseStd ?? fanIn ** -0.5;
  const normal = (deviation: number, cutoff = CUTOFF): Initialisation => ({ std: deviation, cutoff });
  // Tables do not follow init.baseStd (O4).
  const table = normal(D ** -0.5);
  const norm: Initialisation = { value: 1 };
  const layer = (index: number): [string, number[], Initialisation][] => {
    const at = `layers.${index}`;
    const divisor = OUTPUT_DIVISOR[init.factor](model, index);
    return [
      [`${at}.attention.wq.weight`, [ofQueries, D], normal(std(D))],
      [`${at}.attention.wk.weight`, [ofKeys, D], normal(std(D))],
      [`${at}.attention.wv.weight`, [ofKeys, D], normal(std(D))],
      // Cut where it would be cut undivided, as the reference has it.
      [`${at}.attention.wo.weight`, [D, ofQueries], normal(std(ofQueries) / divisor, CUTOFF * divisor)],
      [`${at}.feed_forward.w1.weight`, [I, D], normal(std(D))],
      [`${at}.feed_forward.w2.weight`, [D, I], normal(std(I) / divisor)],
      [`${at}.feed_forward.w3.weight`, [I, D], normal(std(D))],
      [`${at}.attention_norm.weight`, [D], norm],
      [`${at}.ffn_norm.weight`, [D], norm],
    ];
  };
  const all: [string, number[], Initialisation][] = [
    ['tok_embeddings.weight', [vocabulary.size, D], table],
    ...Array.from({ length: model.layers }, (_, index) => layer(index)).flat(),
    ['norm.weight', [D], norm],
  ];
  if (!model.tiedEmbedding) all.push(['output.weight', [P * vocabulary.size, D], table]);
  if (R > 0) all.push(['raw_output.weight', [R * vocabulary.rawSize, D], table]);
  return all.map(([name, shape, how]) => ({ name, shape, init: how, isEmbedding: name === 'tok_embeddings.weight' }));
}
