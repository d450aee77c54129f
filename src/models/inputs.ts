import { type HostTensor, hostTensor } from '../graph/index.js';
import { BOS, COMPRESSED_START, EOS, RAW_LIMIT, RAW_START } from '../vocabulary/layout.js';

/** How the rows of a micro-batch become the inputs of a model's program. */
export interface InputSpec {
  rows: number;
  /** Symbols of a row that the model reads, N. */
  sequenceLength: number;
  /** One input column and views − 1 label columns; a row of the loader has N + views − 1 symbols. */
  views: number;
  /** Number the documents, so that attention does not cross them. */
  documentMask: boolean;
  multibyteWeights: MultibyteWeightOptions | null;
}

export interface MultibyteWeightOptions {
  /** Prediction heads that are weighted, P. */
  heads: number;
  /** After a raw byte, no head predicts past the first compressed symbol. */
  disableCrossBytePrediction: boolean;
  /** Weight of positions that predict compressed symbols; null: as any other. */
  compressedWeight: number | null;
}

/**
 * The inputs of a training program, from `rows` consecutive sequences of N + views − 1 symbols: `ids` [B, N],
 * `labels` [B, N, views − 1], `documents` and `positions` [B, N] with a document mask, `weights` [B, N, P] where asked.
 */
export function buildInputs(spec: InputSpec, sequences: Int32Array): Record<string, HostTensor> {
  const { rows, sequenceLength: length, views } = spec;
  const ids = new Int32Array(rows * length);
  const labels = new Int32Array(rows * length * (views - 1));
  const stride = length + views - 1;
  for (let row = 0; row < rows; row++)
    for (let t = 0; t < length; t++) {
      const from = row * stride + t;
      const to = row * length + t;
      ids[to] = sequences[from]!;
      for (let view = 1; view < views; view++) labels[to * (views - 1) + view - 1] = sequences[from + view]!;
    }
  const tensor = (values: Int32Array, shape: number[]): HostTensor => ({
    dtype: 'i32',
    shape,
    bytes: new Uint8Array(values.buffer),
  });
  const inputs: Record<string, HostTensor> = {
    ids: tensor(ids, [rows, length]),
    labels: tensor(labels, [rows, length, views - 1]),
  };
  if (spec.documentMask) {
    const { documents, positions } = numberDocuments(ids, rows, length);
    inputs.documents = tensor(documents, [rows, length]);
    inputs.positions = tensor(positions, [rows, length]);
  }
  if (spec.multibyteWeights) {
    const weights = multibyteWeights(ids, labels, views - 1, spec.multibyteWeights);
    inputs.weights = hostTensor('f32', weights, [rows, length, spec.multibyteWeights.heads]);
  }
  return inputs;
}

/**
 * Documents and positions of every token (behaviour §4.5), [B, N] each. A document's number is 0 at EOS and rises after
 * each run of them; positions count from the row's start and from just after each EOS.
 */
export function numberDocuments(
  ids: Int32Array,
  rows: number,
  length: number,
): { documents: Int32Array; positions: Int32Array } {
  const documents = new Int32Array(ids.length);
  const positions = new Int32Array(ids.length);
  for (let row = 0; row < rows; row++) {
    let document = 1;
    let position = 0;
    for (let at = row * length; at < (row + 1) * length; at++) {
      positions[at] = position++;
      if (ids[at] === EOS) position = 0;
      else {
        if (at > row * length && ids[at - 1] === EOS) document++;
        documents[at] = document;
      }
    }
  }
  return { documents, positions };
}

/** Weight of head h relative to head 0 where compressed symbols are predicted (behaviour §4.8, M3: the code's 0.75). */
const COMPRESSED_HEAD_DECAY = 0.75;

/** Symbols that begin a document or a block of one: nothing before them tells that they come. */
const STARTS: readonly number[] = [BOS, RAW_START, COMPRESSED_START];

/** Weights of every prediction, [B, N, P] (behaviour §4.8): they sum to one over the heads of a position, or are all zero. */
export function multibyteWeights(
  ids: Int32Array,
  labels: Int32Array,
  labelCount: number,
  options: MultibyteWeightOptions,
  starts: readonly number[] = STARTS,
): Float32Array {
  const { heads, disableCrossBytePrediction, compressedWeight } = options;
  const weights = new Float32Array(ids.length * heads);
  for (let t = 0; t < ids.length; t++) {
    const label = (head: number) => labels[t * labelCount + head]!;
    let allowed = heads;
    let predictsCompressed = false;
    for (let head = heads - 1; head >= 0; head--) {
      const compressed = label(head) >= RAW_LIMIT;
      predictsCompressed ||= compressed;
      if (starts.includes(label(head)) || (disableCrossBytePrediction && ids[t]! < RAW_LIMIT && compressed))
        allowed = head;
    }
    const decays = compressedWeight !== null && predictsCompressed;
    const total = decays ? (1 - COMPRESSED_HEAD_DECAY ** allowed) / (1 - COMPRESSED_HEAD_DECAY) : allowed;
    const factor = decays ? compressedWeight : 1;
    for (let head = 0; head < allowed; head++)
      weights[t * heads + head] = ((decays ? COMPRESSED_HEAD_DECAY ** head : 1) / total) * factor;
  }
  return weights;
}
