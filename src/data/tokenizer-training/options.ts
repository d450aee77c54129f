import type { TokenizerTrainingOptions, TrainedTokenizer } from '../../tokenizers/training/index.js';
import type { BadRecordPolicy, PassedOver } from '../documents.js';

export interface TokenizerTrainingRequest {
  /** Datasets: folders or files. */
  data: readonly string[];
  /** The file to write: `tokenizer.json`, or `tokenizer.json.gz`. */
  output: string;
  tokenizer: TokenizerTrainingOptions;
  onBadRecord: BadRecordPolicy;
  /** Use about this many bytes of text, chosen by document; null: all. */
  sampleBytes: number | null;
  /** Of what is chosen by chance. The rest of training has none. */
  seed: number;
  /** Hold out about this many bytes of text, at most a hundredth of all, to measure bytes per token on. */
  heldOutBytes: number;
  /** Threads that read and count. */
  workers: number;
  /** Memory for counting, all threads together, in bytes; what does not fit goes to the disk beside the output. */
  memoryBytes: number;
  force: boolean;
  signal?: AbortSignal;
  progress?(phase: TrainingPhase): void;
}

/** What training is doing: counting pre-tokens (twice for superwords), or learning merges. */
export type TrainingPhase =
  | { phase: 'count'; pass: number; bytes: number; totalBytes: number }
  | { phase: 'merge'; tokens: number; vocabularySize: number };

export interface TokenizerTrainingReport extends Omit<TrainedTokenizer, 'file'> {
  output: string;
  documents: number;
  textBytes: number;
  passedOver: PassedOver;
  /** Tokens that were asked for, and the occurrences of a pair without which there are fewer. */
  requested: { tokens: number; minFrequency: number };
  /** What the tokenizer makes of the documents that were held out; null if none was. */
  heldOut: { documents: number; bytes: number; tokens: number; bytesPerToken: number } | null;
  /** Seconds of counting, all passes, and of merging. */
  seconds: { counting: number; merging: number };
}

export const REQUEST_DEFAULTS = {
  onBadRecord: 'fail',
  sampleBytes: null,
  seed: 0,
  heldOutBytes: 8e6,
  memoryBytes: 2e9,
} as const satisfies Partial<TokenizerTrainingRequest>;
