import { add, gather, input, inScope, matmul, type Node, reshape, rmsNorm, rope, swiglu } from '../../graph/index.js';
import { joinHeads, splitHeads } from '../attention-heads.js';
import type { BatchShape, LanguageModel, VocabularySizes } from '../model.js';
import { parameterNodes } from '../parameters.js';
import { PredictionHeads, type Trunk } from '../prediction-heads.js';
import { type RotaryTables, rotaryTables } from '../rotary.js';
import { type CausalMasks, causalMasks, groupedAttention, pairsApart } from './attention.js';
import { opencoderFlops } from './flops.js';
import { type AttentionSizes, attentionSizes, type OpenCoderOptions } from './options.js';
import { opencoderParameters } from './parameters.js';

/**
 * The Transformer that OpenCoder shares with Llama (Touvron et al., arXiv 2302.13971): pre-norm blocks of causal grouped-query
 * attention and a gated MLP (behaviour §5). What the reference has not: several heads, and heads over the raw vocabulary.
 */
export function createOpenCoder(model: OpenCoderOptions, vocabulary: VocabularySizes): LanguageModel {
  const parameters = opencoderParameters(model, vocabulary);
  const nodes = parameterNodes(parameters);
  const output = nodes.get(model.tiedEmbedding ? 'tok_embeddings.weight' : 'output.weight')!;
  const heads = new PredictionHeads(
    new OpenCoderTrunk(model, nodes),
    { ...model, main: output, raw: nodes.get('raw_output.weight') },
    vocabulary,
  );
  return {
    parameters,
    nodes,
    heads: model.predictionHeads,
    rawHeads: model.rawHeads,
    lengthMultiple: 1,
    loss: (batch, options) => heads.loss(batch, options),
    logits: (batch, options) => heads.logits(batch, options),
    rangeLogits: (batch, options) => heads.rangeLogits(batch, options),
    scores: (batch, options) => heads.scores(batch, options),
    flops: (options) => opencoderFlops(model, vocabulary, parameters, options),
  };
}

/** What all layers share. */
interface Shared {
  masks: CausalMasks;
  rotary: RotaryTables;
  activations: Record<string, Node>;
}

class OpenCoderTrunk implements Trunk {
  private readonly sizes: AttentionSizes;

  constructor(
    private readonly model: OpenCoderOptions,
    private readonly nodes: ReadonlyMap<string, Node>,
  ) {
    this.sizes = attentionSizes(model);
  }

  hidden(batch: BatchShape, documentMask: boolean, activations: Record<string, Node>): Node {
    const shape = [batch.rows, batch.sequenceLength];
    const ids = input('ids', 'i32', shape);
    const positions = documentMask ? input('positions', 'i32', shape) : null;
    const { heads, keyValueHeads, headSize } = this.sizes;
    const { masks, rotary } = inScope('masks', () => ({
      rotary: rotaryTables(batch, headSize, this.model.ropeTheta, positions),
      masks: causalMasks(batch, heads / keyValueHeads, positions),
    }));
    let hidden: Node = inScope('embedding', () =>
      gather(this.parameter('tok_embeddings.weight'), reshape(ids, [batch.rows * batch.sequenceLength])),
    );
    for (let layer = 0; layer < this.model.layers; layer++) {
      const before = hidden;
      hidden = inScope(`layers.${layer}`, () => this.block(layer, before, batch, { masks, rotary, activations }));
      activations[`layers.${layer}.residual`] = hidden;
    }
    const last = hidden;
    return inScope('norm', () => this.norm(last, 'norm.weight'));
  }

  private block(layer: number, x: Node, batch: BatchShape, { masks, rotary, activations }: Shared): Node {
    const { heads, keyValueHeads, headSize } = this.sizes;
    const at = (name: string) => `layers.${layer}.${name}`;
    const weight = (name: string) => this.parameter(at(`${name}.weight`));
    const project = (y: Node, by: Node) => matmul(y, by, { transposeB: true });
    const normed = this.norm(x, at('attention_norm.weight'));
    const turned = (name: string, count: number) => {
      const projected = project(normed, pairsApart(weight(name), headSize));
      return rope(splitHeads(projected, batch, count), rotary.cosines, rotary.sines);
    };
    const attended = groupedAttention(
      {
        q: turned('attention.wq', heads),
        k: turned('attention.wk', keyValueHeads),
        v: splitHeads(project(normed, weight('attention.wv')), batch, keyValueHeads),
      },
      this.sizes,
      masks,
    );
    const joined = reshape(joinHeads(attended), [x.shape[0]!, heads * headSize]);
    activations[at('attention')] = joined;
    const h = add(x, project(joined, weight('attention.wo')));
    const y = this.norm(h, at('ffn_norm.weight'));
    const gated = swiglu(project(y, weight('feed_forward.w1')), project(y, weight('feed_forward.w3')));
    activations[at('mlp')] = gated;
    return add(h, project(gated, weight('feed_forward.w2')));
  }

  private parameter(name: string): Node {
    return this.nodes.get(name)!;
  }

  private norm(x: Node, name: string): Node {
    return rmsNorm(x, this.parameter(name), this.model.normEpsilon);
  }
}
