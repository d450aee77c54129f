import {
  after,
  concat,
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
  scalar,
  select,
  slice,
  sum,
} from '../graph/index.js';
import type {
  BatchShape,
  LanguageModel,
  LossGraph,
  LossGraphOptions,
  RangeLogitsOptions,
  VocabularySizes,
} from './model.js';

/** The body of a model: what its heads read. */
export interface Trunk {
  /** Normalised output of the last block, [B·N, D]; notes activations under their names. */
  hidden(batch: BatchShape, documentMask: boolean, activations: Record<string, Node>): Node;
}

export interface HeadParameters {
  /** Main heads, P. */
  predictionHeads: number;
  /** Further heads over the raw vocabulary, R. */
  rawHeads: number;
  /** [P·V, D], head by head. */
  main: Node;
  /** [R·Vr, D]; read where there are raw heads. */
  raw: Node | undefined;
}

/** Logits that scoring holds at a time: 64 MiB, whatever the vocabulary. */
const SCORED_LOGITS = 1 << 24;

/** What linear heads make of a trunk: head h at position t predicts symbol t + 1 + h, raw head r symbol t + 1 + P + r. */
export class PredictionHeads implements Pick<LanguageModel, 'loss' | 'logits' | 'rangeLogits' | 'scores'> {
  constructor(
    private readonly trunk: Trunk,
    private readonly parameters: HeadParameters,
    private readonly vocabulary: VocabularySizes,
  ) {}

  logits(batch: BatchShape, { documentMask }: { documentMask: boolean }): Node {
    const logits = matmul(this.trunk.hidden(batch, documentMask, {}), this.parameters.main, { transposeB: true });
    return reshape(logits, [batch.rows, batch.sequenceLength, this.parameters.predictionHeads, this.vocabulary.size]);
  }

  rangeLogits(batch: BatchShape, { documentMask, from, count, positions }: RangeLogitsOptions): Node {
    const hidden = this.trunk.hidden(batch, documentMask, {});
    const asked = positions ? gather(hidden, positions) : hidden;
    return matmul(asked, slice(this.parameters.main, 0, from, count), { transposeB: true });
  }

  scores(batch: BatchShape, { documentMask }: { documentMask: boolean }): Node {
    const firstHead = slice(this.parameters.main, 0, 0, this.vocabulary.size);
    const hidden = this.trunk.hidden(batch, documentMask, {});
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
    const { predictionHeads: P, rawHeads: R, main: mainHeads, raw: extraHeads } = this.parameters;
    const tokens = batch.rows * batch.sequenceLength;
    const activations: Record<string, Node> = {};
    const hidden = this.trunk.hidden(batch, documentMask, activations);
    const chunk = Math.min(chunkTokens ?? tokens, tokens);
    return inScope('loss', () => {
      const labels = reshape(input('labels', 'i32', [batch.rows, batch.sequenceLength, P + R]), [tokens, P + R]);
      const raw = R > 0 ? expandLast(isRaw(labels, this.vocabulary.rawSize)) : null;
      const weights = raw
        ? select(raw, scalar(1 / (P + R)), scalar(1 / P))
        : weighted
          ? reshape(input('weights', 'f32', [batch.rows, batch.sequenceLength, P]), [tokens, P])
          : scalar(1);
      const main = linearCrossEntropy(hidden, mainHeads, slice(labels, 1, 0, P), weights, chunk);
      const row = (sums: Node, index: number) => reshape(slice(sums, 0, index, 1), [sums.shape[1]!]);
      let weightedNats = row(main, 0);
      if (raw) {
        const rawLabels = select(raw, slice(labels, 1, P, R), integer(0));
        const rawWeights = select(raw, scalar(1 / (P + R)), scalar(0));
        const extra = linearCrossEntropy(hidden, extraHeads!, rawLabels, rawWeights, chunk);
        weightedNats = concat([weightedNats, row(extra, 0)], 0);
      }
      const loss = sum(multiply(weightedNats, input('headScale', 'f32', [P + R])));
      return { loss: reshape(loss, []), weightedNats, nats: row(main, 1), activations };
    });
  }
}

/** Positions all of whose labels belong to the raw vocabulary, [tokens]; specials count as raw (behaviour §4.7). */
function isRaw(labels: Node, rawSize: number): Node {
  const largest = reshape(max(labels, [1]), [labels.shape[0]!]);
  return not(less(integer(rawSize - 1), largest));
}
