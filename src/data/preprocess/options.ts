import type { CompressorDescriptor } from '../../plugins/compressor-instance.js';
import type { BadRecordPolicy } from '../documents.js';

/** Formats that shards are written in; each is the end of their names. */
export const SHARD_FORMATS = ['jsonl', 'jsonl.gz', 'jsonl.zst', 'parquet'] as const;
export type ShardFormat = (typeof SHARD_FORMATS)[number];

/** Which of the processes that share the work this one is. */
export interface Part {
  /** 0 … count − 1. */
  index: number;
  count: number;
}

/** One dataset that is read, and where its records go. */
export interface PreprocessTarget {
  /** Folder or file. */
  input: string;
  /** Folder. */
  output: string;
}

export interface PreprocessOptions {
  targets: readonly PreprocessTarget[];
  /** One code field each is added to every record. */
  compressors: readonly CompressorDescriptor[];
  format: ShardFormat;
  /** Threads that encode. */
  workers: number;
  part: Part;
  /** Bytes of records after which a file of the input is continued in another shard. */
  shardBytes: number;
  /** Decode what was written, and compare. */
  verify: boolean;
  onBadRecord: BadRecordPolicy;
  /** Begin anew where a preprocessed dataset stands already. */
  force: boolean;
  signal?: AbortSignal;
  progress?(progress: PreprocessProgress): void;
  log?(message: string): void;
}

export interface PreprocessProgress {
  /** Bytes of records, decompressed. */
  done: number;
  /** Unknown where files are compressed. */
  total?: number;
}

/** Defaults of what may be left out. */
export const PREPROCESS_DEFAULTS = {
  format: 'jsonl',
  shardBytes: 2 ** 30,
} as const satisfies Partial<PreprocessOptions>;

export interface PreprocessReport {
  datasets: DatasetReport[];
  compressors: CompressorReport[];
  /** Of the whole run. */
  seconds: number;
}

export interface DatasetReport {
  input: string;
  output: string;
  /** Whether all of the dataset's shards are there, so that it has its manifest. */
  complete: boolean;
  /** Shards that this run wrote, and finished ones that it found. */
  written: number;
  kept: number;
  /** Finished shards that were found damaged, and were written again. */
  repaired: number;
  /** Of all shards that are finished. */
  documents: number;
  empty: number;
  skipped: number;
  textBytes: number;
  verified: boolean;
}

export interface CompressorReport {
  name: string;
  field: string;
  /** Of all finished shards, whoever made them. */
  documents: number;
  bytes: number;
  symbols: number;
  /** Null without a symbol. */
  bytesPerSymbol: number | null;
  /** Text that one worker encodes in a second; null where this run encoded nothing. */
  megabytesPerSecondPerThread: number | null;
}
