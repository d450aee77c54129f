import type { Node } from '../graph/index.js';

/** How a parameter begins: drawn from a normal distribution cut at ± `cutoff` standard deviations, or one number. */
export type Initialisation = { std: number; cutoff: number } | { value: number };

export interface ParameterSpec {
  name: string;
  shape: number[];
  init: Initialisation;
  /** The table that turns ids into vectors: costs no arithmetic, and may be exempt from weight decay. */
  isEmbedding: boolean;
}

/** Sizes of the ids a model reads and predicts. */
export interface VocabularySizes {
  /** Ids of the embedding and of the main heads, V. */
  size: number;
  /** Ids of the raw heads, Vr: specials and raw bytes. */
  rawSize: number;
}

/** Shape of one micro-batch. */
export interface BatchShape {
  /** Sequences, B. */
  rows: number;
  /** Symbols of a sequence that the model reads, N. */
  sequenceLength: number;
}

export interface LossGraphOptions {
  /** Attention stays within documents; adds the inputs `documents` and `positions`. */
  documentMask: boolean;
  /** Weigh every prediction; adds the input `weights` [B, N, P]. */
  weighted: boolean;
  /** Positions whose logits are in memory at a time; null: all. */
  chunkTokens: number | null;
}

export interface LossGraph {
  /** What is differentiated, []: Σ_h headScale_h · Σ_t m_th · nll_th, where headScale [P + R] is an input. */
  loss: Node;
  /** Σ_t m_th · nll_th of every head, weighted as in the loss; main heads, then raw heads: [P + R]. */
  weightedNats: Node;
  /** Σ_t nll_th in nats of every main head, [P]: what coding the labels would cost. */
  nats: Node;
  /** Activations by name, [B·N, …]: what probes look at. */
  activations: Readonly<Record<string, Node>>;
}

/** A language model over symbols, written once as a tensor program. */
export interface LanguageModel {
  readonly parameters: readonly ParameterSpec[];
  /** The state node of each parameter, by name: what gradients are taken with respect to. */
  readonly nodes: ReadonlyMap<string, Node>;
  /** Main heads over the whole vocabulary, P. */
  readonly heads: number;
  /** Further heads over the raw vocabulary, R. */
  readonly rawHeads: number;
  /** Sequence lengths are multiples of this. */
  readonly lengthMultiple: number;
  loss(batch: BatchShape, options: LossGraphOptions): LossGraph;
  /** Logits of every position and main head, [B, N, P, V]. */
  logits(batch: BatchShape, options: { documentMask: boolean }): Node;
  /** Logits of head 0 for a range of ids, [positions, count]; nothing else is computed. */
  rangeLogits(batch: BatchShape, options: RangeLogitsOptions): Node;
  /** −log p(label) in nats of head 0 over the whole vocabulary, [B, N], for the input `labels` [B, N]. */
  scores(batch: BatchShape, options: { documentMask: boolean }): Node;
  flops(options: FlopOptions): number;
}

export interface RangeLogitsOptions {
  documentMask: boolean;
  /** First id. */
  from: number;
  count: number;
  /** Indices into the B·N positions, [positions]; null: all of them, in order. */
  positions: Node | null;
}

export interface FlopOptions {
  sequenceLength: number;
  /** Share of positions at which raw heads are trained. */
  rawShare: number;
  /** Ids that stand for something, which main heads count for; default: all of the table, padded or not. */
  usedIds?: number;
}
