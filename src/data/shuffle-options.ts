import type { ChunkOptions, DatasetManifest } from './dataset-writer.js';
import type { BadRecordPolicy, PassedOver } from './documents.js';

export interface ShuffleOptions extends ChunkOptions {
  /** Folder or file. */
  input: string;
  /** Folder of the shuffled dataset. */
  output: string;
  seed: number;
  /** Bytes of records that may be held at once. The order depends on it, as it does on the seed. */
  memoryBytes: number;
  onBadRecord: BadRecordPolicy;
  force: boolean;
  signal?: AbortSignal;
  progress?(done: { documents: number; bytes: number }): void;
}

export interface ShuffleReport {
  manifest: DatasetManifest;
  passedOver: PassedOver;
}

/** Defaults of what may be left out. */
export const SHUFFLE_DEFAULTS = {
  prefix: 'shuffled',
  chunkBytes: 64 * 2 ** 20,
  memoryBytes: 512e6,
} as const;
