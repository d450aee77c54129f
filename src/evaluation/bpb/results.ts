import type { LayoutName } from '../../data/mixing-modes.js';
import type { MixModeName } from '../../data/options.js';
import type { Interval } from './bootstrap.js';
import type { CostBreakdown } from './breakdown.js';
import type { PositionCost } from './crops.js';
import { bitsPerByte, bitsPerByteWithEos, type ContextSeen, type Cost } from './scores.js';

/** Names within a directory of results. */
export const RESULTS_FILE = 'val_results.json';
export const DOCUMENTS_FILE = 'bpb_documents.jsonl';

/** The reference's figures, under its names (behaviour §9 steps 8 and 9). */
export interface ReferenceFigures {
  /** Nats. */
  total_loss: number;
  nats_per_token: number;
  bits_per_token: number;
  bits_per_byte: number;
  num_tokens: number;
  /** Bytes of UTF-8 text. */
  num_bytes: number;
}

/** The figures of some documents. */
export interface CostFigures extends ReferenceFigures {
  /** Counts `</raw>`, `</comp>` and EOS too, which tell where texts end. */
  bits_per_byte_with_eos: number;
  num_documents: number;
}

/** How and on what a model was measured: all that has to agree for two figures to be comparable. */
export interface BpbConditions {
  representation: { raw_only: boolean; mode: MixModeName; rate: number; compressor: string };
  /** Symbols of a window, and between windows. */
  context: number;
  stride: number;
  /** Whether every window began anew, after BOS. */
  crops: boolean;
  /** Fingerprint of the codebook at whose windows crops began; null, or missing in results of earlier versions: none. */
  crops_at?: string | null;
  /** Bytes of text that a window spans on average. */
  context_bytes: number;
  /** As asked for by `--context-bytes`; null: the context was given in symbols. */
  context_bytes_wanted: number | null;
  document_mask: boolean;
  context_seen: ContextSeen | null;
  windows: number;
  seed: number;
  data: string;
  skipped_records: number;
  empty_records: number;
}

/** What was measured. */
export interface BpbModel {
  checkpoint: string;
  /** Optimizer steps of its training, and symbols of each. */
  step: number;
  symbols_per_step: number;
  /** Sequence length of its training, in symbols. */
  trained_context: number;
  architecture: string;
  parameters: number;
  prediction_heads: number;
  raw_heads: number;
  vocabulary_size: number;
}

/** Content of `val_results.json`. */
export interface BpbResults extends CostFigures {
  /** Of bits_per_byte; null for fewer than two documents. */
  interval: Interval | null;
  conditions: BpbConditions;
  model: BpbModel;
  sources: (CostFigures & { source: string; interval: Interval | null })[];
  /** By how documents were shown to the model. */
  layouts: Partial<Record<LayoutName, CostFigures>>;
  /** Of crops: mean cost of a symbol, which is a byte where raw bytes are scored, at each position of its crop. */
  positions?: PositionCost[];
}

function costFigures(cost: Cost): CostFigures {
  const { nats, tokens, bytes, documents } = cost;
  return {
    total_loss: nats,
    nats_per_token: nats / tokens,
    bits_per_token: nats / tokens / Math.LN2,
    bits_per_byte: bitsPerByte(cost),
    num_tokens: tokens,
    num_bytes: bytes,
    bits_per_byte_with_eos: bitsPerByteWithEos(cost),
    num_documents: documents,
  };
}

export function bpbResults(
  total: Cost,
  { interval, sources, layouts }: CostBreakdown,
  conditions: BpbConditions,
  model: BpbModel,
): BpbResults {
  return {
    ...costFigures(total),
    interval,
    conditions,
    model,
    sources: sources.map(({ source, interval, ...cost }) => ({ source, ...costFigures(cost), interval })),
    layouts: Object.fromEntries(Object.entries(layouts).map(([layout, cost]) => [layout, costFigures(cost)])),
  };
}
