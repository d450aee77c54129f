import {
  add,
  after,
  concat,
  cos,
  crossEntropy,
  expandLast,
  gather,
  input,
  inScope,
  integer,
  less,
  linearCrossEntropy,
  matmul,
  max,
  multiply,
  type Node,
  not,
  reshape,
  rmsNorm,
  rope,
  scalar,
  select,
  sin,
  slice,
  sum,
  swiglu,
} from '../../graph/index.js';
import type { BatchShape, LanguageModel, LossGraph, LossGraphOptions, VocabularySizes } from '../model.js';
import {
  type EvaMasks,
  type EvaShape,
  evaAttention,
  evaMasks,
  joinHeads,
  rotaryTables,
  splitHeads,
} from './attention.js';
import { evabyteFlops } from './flops.js';
import type { EvaByteOptions } from './options.js';
import { evabyteParameters, parameterNodes } from './parameters.js';

/** EvaByte (Zheng et al., 2025): pre-norm blocks of EVA attention and a gated MLP, with several prediction heads. */
export function createEvaByte(model: EvaByteOptions, vocabulary: VocabularySizes): LanguageModel {
  const parameters = evabyteParameters(model, vocabulary);
  const nodes = parameterNodes(parameters);
  const graph = new EvaByteGraph(model, vocabulary, nodes);
  return {
    parameters,
    nodes,
    heads: model.predictionHeads,
    rawHeads: model.rawHeads,
    lengthMultiple: model.windowSize,
    loss: (batch, options) => graph.loss(batch, options),
    logits: (batch, { documentMask }) => graph.logits(batch, documentMask),
    scores: (batch, { documentMask }) => graph.scores(batch, documentMask),
    flops: (options) => evabyteFlops(model, vocabulary, parameters, options),
  };
}

/** Logits that scoring holds at a time: 64 MiB, whatever the vocabulary. */
const SCORED_LOGITS = 1 << 24;

/** What all layers share. */
interface Shared {
  masks: EvaMasks;
  cosines: Node;
  sines: Node;
  activations: Record<string, Node>;
}

class EvaByteGraph {
  private readonly eva: EvaShape;

  constructor(
    private readonly model: EvaByteOptions,
    private readonly vocabulary: VocabularySizes,
    private readonly nodes: ReadonlyMap<string, Node>,
  ) {
    const { attentionHeads: heads, hiddenSize, windowSize, chunkSize } = model;
    this.eva = { heads, headSize: hiddenSize / heads, windowSize, chunkSize };
  }

  logits(batch: BatchShape, documentMask: boolean): Node {
    const logits = matmul(this.hidden(batch, documentMask), this.parameter('lm_head.weight'), { transposeB: true });
    return reshape(logits, [batch.rows, batch.sequenceLength, this.model.predictionHeads, this.vocabulary.size]);
  }

  scores(batch: BatchShape, documentMask: boolean): Node {
    const firstHead = slice(this.parameter('lm_head.weight'), 0, 0, this.vocabulary.size);
    const hidden = this.hidden(batch, documentMask);
    const tokens = hidden.shape[0]!;
    const labels = reshape(input('labels', 'i32', [batch.rows, batch.sequenceLength]), [tokens]);
    const chunk = Math.max(1, Math.floor(SCORED_LOGITS / this.vocabulary.size));
    const parts: Node[] = [];
    for (let start = 0; start < tokens; start += chunk) {
      const size = Math.min(chunk, tokens - start);
      const own = slice(hidden, 0, start, size);
      const logits = matmul(parts.length > 0 ? after(own, parts.at(-1)!) : own, firstHead, { transposeB: true });
      parts.push(crossEntropy(logits, slice(labels, 0, start, size)));
    }
    return reshape(concat(parts, 0), [batch.rows, batch.sequenceLength]);
  }

  /** The losses of behaviour §4.7: plain, weighted, and with raw heads; each over chunks of positions where asked. */
  loss(batch: BatchShape, { documentMask, weighted, chunkTokens }: LossGraphOptions): LossGraph {
    const { predictionHeads: P, rawHeads: R } = this.model;
    const tokens = batch.rows * batch.sequenceLength;
    const activations: Record<string, Node> = {};
    const hidden = this.hidden(batch, documentMask, activations);
    const chunk = Math.min(chunkTokens ?? tokens, tokens);
    return inScope('loss', () => {
      const labels = reshape(input('labels', 'i32', [batch.rows, batch.sequenceLength, P + R]), [tokens, P + R]);
      const raw = R > 0 ? expandLast(isRaw(labels, this.vocabulary.rawSize)) : null;
      const weights = raw
        ? select(raw, scalar(1 / (P + R)), scalar(1 / P))
        : weighted
          ? reshape(input('weights', 'f32', [batch.rows, batch.sequenceLength, P]), [tokens, P])
          : scalar(1);
      const main = linearCrossEntropy(hidden, this.parameter('lm_head.weight'), slice(labels, 1, 0, P), weights, chunk);
      const row = (sums: Node, index: number) => reshape(slice(sums, 0, index, 1), [sums.shape[1]!]);
      let weightedNats = row(main, 0);
      if (raw) {
        const rawLabels = select(raw, slice(labels, 1, P, R), integer(0));
        const rawWeights = select(raw, scalar(1 / (P + R)), scalar(0));
        const head = this.parameter('raw_multibyte_lm_head.weight');
        const extra = linearCrossEntropy(hidden, head, rawLabels, rawWeights, chunk);
        weightedNats = concat([weightedNats, row(extra, 0)], 0);
      }
      const loss = sum(multiply(weightedNats, input('headScale', 'f32', [P + R])));
      return { loss: reshape(loss, []), weightedNats, nats: row(main, 1), activations };
    });
  }

  /** Normalised output of the last block, [B·N, D]; notes activations under their names. */
  private hidden(batch: BatchShape, documentMask: boolean, activations: Record<string, Node> = {}): Node {
    const shape = [batch.rows, batch.sequenceLength];
    const ids = input('ids', 'i32', shape);
    const documents = documentMask ? input('documents', 'i32', shape) : null;
    const positions = documentMask ? input('positions', 'i32', shape) : null;
    const { masks, cosines, sines } = inScope('masks', () => {
      const angles = rotaryTables(batch, this.eva.headSize, this.model.ropeTheta, positions);
      return { masks: evaMasks(batch, this.eva, documents), cosines: cos(angles), sines: sin(angles) };
    });
    let hidden: Node = inScope('embedding', () =>
      gather(this.parameter('embed_tokens.weight'), reshape(ids, [batch.rows * batch.sequenceLength])),
    );
    for (let layer = 0; layer < this.model.layers; layer++) {
      const before = hidden;
      hidden = inScope(`layers.${layer}`, () =>
        this.block(layer, before, batch, { masks, cosines, sines, activations }),
      );
      activations[`layers.${layer}.residual`] = hidden;
    }
    const last = hidden;
    return inScope('norm', () => this.norm(last, 'norm.weight'));
  }

  private block(layer: number, x: Node, batch: BatchShape, { masks, cosines, sines, activations }: Shared): Node {
    const at = (name: string) => `layers.${layer}.${name}`;
    const project = (y: Node, name: string) => matmul(y, this.parameter(at(name)), { transposeB: true });
    const normed = this.norm(x, at('input_layernorm.weight'));
    const heads = (name: string) => splitHeads(project(normed, `self_attn.${name}.weight`), batch, this.eva);
    const attended = evaAttention(
      {
        q: rope(heads('q_proj'), cosines, sines),
        k: rope(heads('k_proj'), cosines, sines),
        v: heads('v_proj'),
        mu: this.parameter(at('self_attn.adaptive_mu_k')),
        phi: this.parameter(at('self_attn.adaptive_phi')),
      },
      this.eva,
      masks,
    );
    const joined = reshape(joinHeads(attended, batch, masks), x.shape);
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

/** Positions all of whose labels belong to the raw vocabulary, [tokens]; specials count as raw (behaviour §4.7). */
function isRaw(labels: Node, rawSize: number): Node {
  const largest = reshape(max(labels, [1]), [labels.shape[0]!]);
  return not(less(integer(rawSize - 1), largest));
}
