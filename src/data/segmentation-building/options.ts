import { CONTEXT_DEFAULTS } from '../../neural-coding/entropy-table-contexts.js';
import type { BoundaryAgreement } from '../../neural-coding/segmentation-agreement.js';
import { PAPER_SEGMENTATION, type SegmentationRequest } from '../../neural-coding/segmentation-calibration.js';
import type { EntropyModel } from '../../neural-coding/segmentation-entropy.js';
import type { BoundaryRule } from '../../neural-coding/segmentation-rule.js';
import type { BadRecordPolicy, PassedOver } from '../documents.js';

export interface EntropyTableRequest {
  /** Datasets: folders or files. */
  data: readonly string[];
  /** The file to write. */
  output: string;
  /** Contexts to keep. */
  contexts: number;
  /** Bytes of the longest one. */
  longestContext: number;
  /** Times that a context must occur. */
  leastOccurrences: number;
  /** Most bytes of text to count; about ten times as much memory is needed. */
  sampleBytes: number;
  /** Hold out about this many bytes of text, at most a fiftieth of all, to take quantiles of. */
  heldOutBytes: number;
  /** Of what is chosen by chance. */
  seed: number;
  onBadRecord: BadRecordPolicy;
  /** Threads that read. */
  workers: number;
  force: boolean;
  /** What the report says of boundaries; the table serves any request. */
  segmentation: SegmentationRequest;
  /** A model to compare with on held-out text; null: none. */
  comparison: ModelComparison | null;
  signal?: AbortSignal;
  progress?(phase: EntropyTablePhase): void;
}

export interface ModelComparison {
  model: EntropyModel;
  /** Most bytes of held-out text to ask it about. */
  bytes: number;
  /** File for the quantiles of its entropies; null: they are not kept. */
  quantilesOutput: string | null;
}

/** What building is doing. */
export interface EntropyTablePhase {
  phase: 'read' | 'count' | 'compare';
  bytes: number;
  totalBytes: number;
}

export interface SegmentStatistics {
  rule: BoundaryRule;
  /** Mean entropy of a byte, in bits. */
  meanBits: number;
  bytesPerSegment: number;
}

export interface EntropyTableReport {
  output: string;
  fingerprint: string;
  documents: number;
  textBytes: number;
  passedOver: PassedOver;
  contexts: number;
  /** Bytes that were counted. */
  countedBytes: number;
  /** Bytes that quantiles were taken of. */
  calibrationBytes: number;
  /** Of the bytes that quantiles were taken of. */
  segments: SegmentStatistics;
  /** How far the table's boundaries are the model's, on text that both were given. */
  comparison: (BoundaryAgreement & { modelFingerprint: string; bytes: number; model: SegmentStatistics }) | null;
  seconds: { reading: number; counting: number; comparing: number };
}

export const ENTROPY_TABLE_DEFAULTS = {
  ...CONTEXT_DEFAULTS,
  sampleBytes: 16e6,
  heldOutBytes: 4e6,
  seed: 0,
  onBadRecord: 'fail',
  segmentation: PAPER_SEGMENTATION,
  comparisonBytes: 1e6,
} as const;
