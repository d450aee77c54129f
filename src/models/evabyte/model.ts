import {
  add,
  gather,
  input,
  inScope,
  matmul,
  multiply,
  type Node,
  reshape,
  rmsNorm,
  rope,
  scalar,
  swiglu,
} from '../../graph/index.js';
import { joinHeads, splitHeads } from '../attention-heads.js';
import type { BatchShape, LanguageModel, VocabularySizes } from '../model.js';
import { parameterNodes } from '../parameters.js';
import { PredictionHeads, type Trunk } from '../prediction-heads.js';
import { type RotaryTables, rotaryTables } from '../rotary.js';
import { type EvaMasks, type EvaShape, evaAttention, evaMasks } from './attention.js';
import { evabyteFlops } from './flops.js';
import type { EvaByteOptions } from './options.js';
import { evabyteParameters } from './parameters.js';

/** EvaByte (Zheng et al., 2025): pre-norm blocks of EVA attention and a gated MLP, with several prediction heads. */
export function createEvaByte(model: EvaByteOptions, vocabulary: VocabularySizes): LanguageModel {
  const parameters = evabyteParameters(model, vocabulary);
  const nodes = parameterNodes(parameters);
  const heads = new PredictionHeads(
    new EvaByteTrunk(model, nodes),
    { ...model, main: nodes.get('lm_head.weight')!, raw: nodes.get('raw_multibyte_lm_head.weight') },
    vocabulary,
  );
  return {
    parameters,
    nodes,
    heads: model.predictionHeads,
    rawHeads: model.rawHeads,
    lengthMultiple: model.windowSize,
    loss: (batch, options) => heads.loss(batch, options),
    logits: (batch, options) => heads.logits(batch, options),
    rangeLogits: (batch, options) => heads.rangeLogits(batch, options),
    scores: (batch, options) => heads.scores(batch, options),
    flops: (options) => evabyteFlops(model, vocabulary, parameters, options),
  };
}

/** What all layers share. */
interface Shared {
  masks: EvaMasks;
  rotary: RotaryTables;
  activations: Record<string, Node>;
}

class EvaByteTrunk implements Trunk {
  private readonly eva: EvaShape;

  constructor(
    private readonly model: EvaByteOptions,
    private readonly nodes: ReadonlyMap<string, Node>,
  ) {
    const { attentionHeads: heads, hiddenSize, windowSize, chunkSize } = model;
    this.eva = { heads, headSize: hiddenSize / heads, windowSize, chunkSize };
  }

  hidden(batch: BatchShape, documentMask: boolean, activations: Record<string, Node>): Node {
    const shape = [batch.rows, batch.sequenceLength];
    const ids = input('ids', 'i32', shape);
    const documents = documentMask ? input('documents', 'i32', shape) : null;
    const positions = documentMask ? input('positions', 'i32', shape) : null;
    const { masks, rotary } = inScope('masks', () => ({
      rotary: rotaryTables(batch, this.eva.headSize, this.model.ropeTheta, positions),
      masks: evaMasks(batch, this.eva, documents),
    }));
    let hidden: Node = inScope('embedding', () =>
      gather(this.parameter('embed_tokens.weight'), reshape(ids, [batch.rows * batch.sequenceLength])),
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
    const at = (name: string) => `layers.${layer}.${name}`;
    const project = (y: Node, name: string) => matmul(y, this.parameter(at(name)), { transposeB: true });
    const normed = this.norm(x, at('input_layernorm.weight'));
    const heads = (name: string) => splitHeads(project(normed, `self_attn.${name}.weight`), batch, this.eva.heads);
    const turned = (name: string) => rope(heads(name), rotary.cosines, rotary.sines);
    const attended = evaAttention(
      {
        q: turned('q_proj'),
        k: turned('k_proj'),
        v: heads('v_proj'),
        mu: this.parameter(at('self_attn.adaptive_mu_k')),
        phi: this.parameter(at('self_attn.adaptive_phi')),
      },
      this.eva,
      masks,
    );
    const ofHeads = joinHeads(attended);
    // Positions that attend to nothing are zero.
    const joined = reshape(masks.attends ? multiply(ofHeads, masks.attends) : ofHeads, x.shape);
    activations[at('attention')] = joined;
    const h = add(x, project(joined, 'self_attn.o_proj.weight'));
    const y = this.norm(h, at('post_attention_layernorm.weight'));
    const gated = swiglu(project(y, 'mlp.gate_proj.weight'), project(y, 'mlp.up_proj.weight'));
    activations[at('mlp')] = gated;
    return add(h, project(gated, 'mlp.down_proj.weight'));
  }

  private parameter(name: string): Node {
    return this.nodes.get(name)!;
  }

  private norm(x: Node, name: string): Node {
    const weight = this.parameter(name);
    return rmsNorm(x, this.model.normUnitOffset ? add(weight, scalar(1)) : weight, this.model.normEpsilon);
  }
}
