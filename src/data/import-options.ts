import type { ChunkOptions, DatasetManifest } from './dataset-writer.js';

export interface ImportOptions extends ChunkOptions {
  /** Folders whose files become documents. */
  directories: readonly string[];
  /** Folder of the dataset. */
  output: string;
  /** Share of the documents that is held out, 0 … 1 (exclusive), and the folder of their dataset. */
  validation: { fraction: number; output: string } | null;
  /** Ends of the names of files that are taken, without the dot; null: all text files. */
  extensions: readonly string[] | null;
  /** Smallest and largest file that is taken, in bytes. */
  minBytes: number;
  maxBytes: number;
  /** Replace datasets that exist. */
  force: boolean;
  signal?: AbortSignal;
  progress?(done: { files: number; bytes: number }): void;
}

/** Defaults of what may be left out. */
export const IMPORT_DEFAULTS = {
  prefix: 'source',
  chunkBytes: 64 * 2 ** 20,
  minBytes: 1,
  maxBytes: 2 ** 20,
} as const;

/** Why files were left out. */
export const SKIP_REASONS = [
  'extension',
  'too small',
  'too large',
  'binary',
  'invalid UTF-8',
  'unreadable',
  'duplicate',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

export interface ImportReport {
  training: DatasetManifest;
  validation: DatasetManifest | null;
  skipped: Record<SkipReason, number>;
}
