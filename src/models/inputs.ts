import type { HostTensor } from '../graph/tensor.js';

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
  disableCrossBytePrediction: boolean;
  /** Weight of positions that predict compressed symbols; null: as any other. */
  compressedWeight: number | null;
}

/** The inputs of a training program, made from `rows` consecutive sequences of N + views − 1 symbols. */
export type BuildInputs = (spec: InputSpec, sequences: Int32Array) => Record<string, HostTensor>;
