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
  /** Folder of all datasets, no part of the tree; null: only the folders of datasets are none. */
  datasetRoot: string | null;
  /** Take files and folders whose names begin with a dot. */
  hidden: boolean;
  /** What else can be done where nothing is left to import. */
  emptyHint: string;
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
  datasetRoot: null,
  hidden: false,
  emptyHint: 'Choose another folder.',
} as const;

/** Why files were left out; of the last three, a folder counts once. */
export const SKIP_REASONS = [
  'extension',
  'too small',
  'too large',
  'binary',
  'invalid UTF-8',
  'unreadable',
  'name not UTF-8',
  'hidden',
  'node_modules',
  'dataset',
  'duplicate',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

export interface ImportReport {
  training: DatasetManifest;
  validation: DatasetManifest | null;
  skipped: Record<SkipReason, number>;
}

/** What was left out, in words: `3 of another extension`, `1 too large`. */
export function skipCounts(skipped: ImportReport['skipped']): string[] {
  return SKIP_REASONS.filter((reason) => skipped[reason] > 0).map((reason) => {
    const count = skipped[reason];
    return `${count} ${SKIP_WORDS[reason]?.[count === 1 ? 0 : 1] ?? reason}`;
  });
}

/** Reasons that read otherwise after a number: of one, of several. */
const SKIP_WORDS: Partial<Record<SkipReason, readonly [string, string]>> = {
  extension: ['of another extension', 'of other extensions'],
  duplicate: ['duplicate', 'duplicates'],
  'name not UTF-8': ['whose name is not UTF-8', 'whose names are not UTF-8'],
  node_modules: ['node_modules folder', 'node_modules folders'],
  dataset: ['dataset folder', 'dataset folders'],
};
