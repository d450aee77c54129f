import type { Initialisation, ParameterSpec, VocabularySizes } from '../model.js';
import type { EvaByteOptions } from './options.js';

/** Standard deviation of the embedding under each scheme (behaviour §4.9). */
const EMBEDDING_STD = { evabyte: 1, default: 0.02 } as const;

/** All parameters in the reference's order and under its names (behaviour §4.1); linear weights are [out, in]. */
export function evabyteParameters(model: EvaByteOptions, vocabulary: VocabularySizes): ParameterSpec[] {
  const { hiddenSize: D, intermediateSize: I, attentionHeads: H, predictionHeads: P, rawHeads: R, init } = model;
  const headSize = D / H;
  const normal = (std: number, cutoff = 3): Initialisation => ({ std, cutoff });
  const [inner, outer] = [normal(init.inputStd), normal(init.outputStd)];
  const norm: Initialisation = { value: model.normUnitOffset ? 0 : 1 };
  const pooling = normal(headSize ** -0.5, 2);
  const embedding = normal(init.embeddingStd ?? EMBEDDING_STD[init.scheme]);
  const layer = (index: number): [string, number[], Initialisation][] => {
    const at = `layers.${index}`;
    return [
      [`${at}.input_layernorm.weight`, [D], norm],
      [`${at}.post_attention_layernorm.weight`, [D], norm],
      [`${at}.self_attn.adaptive_mu_k`, [1, H, 1, 1, headSize], pooling],
      [`${at}.self_attn.adaptive_phi`, [1, H, 1, 1, headSize], pooling],
      [`${at}.self_attn.q_proj.weight`, [D, D], inner],
      [`${at}.self_attn.k_proj.weight`, [D, D], inner],
      [`${at}.self_attn.v_proj.weight`, [D, D], inner],
      [`${at}.self_attn.o_proj.weight`, [D, D], outer],
      [`${at}.mlp.gate_proj.weight`, [I, D], inner],
      [`${at}.mlp.up_proj.weight`, [I, D], inner],
      [`${at}.mlp.down_proj.weight`, [D, I], outer],
    ];
  };
  const all: [string, number[], Initialisation][] = [
    ['embed_tokens.weight', [vocabulary.size, D], embedding],
    ...Array.from({ length: model.layers }, (_, index) => layer(index)).flat(),
    ['norm.weight', [D], norm],
    ...(R > 0
      ? [
          ['raw_multibyte_lm_head.weight', [R * vocabulary.rawSize, D], outer] satisfies [
            string,
            number[],
            Initialisation,
          ],
        ]
      : []),
    ['lm_head.weight', [P * vocabulary.size, D], outer],
  ];
  return all.map(([name, shape, how]) => ({ name, shape, init: how, isEmbedding: name === 'embed_tokens.weight' }));
}
