import type { ChunkOptions, DatasetManifest } from '../dataset-writer.js';
import type { BadRecordPolicy } from '../documents.js';

/** What is downloaded; with what decides it. */
export type DownloadRequest = StackEduRequest | HubDatasetRequest;

export interface StackEduRequest {
  kind: 'stack-edu';
  /** Documents to choose, over all languages; contents that the archive lacks are not replaced. */
  samples: number;
  /** Names of languages; null: all. */
  languages: readonly string[] | null;
  /** Of the choice. */
  seed: number;
  /** Branch, tag or commit. */
  revision: string;
  /** Address of the bucket with the contents. */
  contents: string;
}

export interface HubDatasetRequest {
  kind: 'hub';
  /** `owner/name` */
  name: string;
  /** Null: the only configuration, or the default one. */
  config: string | null;
  split: string;
  /** Branch, tag or commit; null: `main`, or the hub's conversion to Parquet where that has no data that can be read. */
  revision: string | null;
  /** Null: the only one of `TEXT_COLUMNS` that is there. */
  textColumn: string | null;
  /** Columns that are kept beside the text. */
  keep: readonly string[];
  /** Documents to take, from the beginning; null: all. */
  maxSamples: number | null;
  /** Bytes of text to take at most, from the beginning; null: all. */
  maxBytes: number | null;
}

export interface DownloadOptions extends ChunkOptions {
  request: DownloadRequest;
  /** Folder of the dataset. */
  output: string;
  /** Address of the hub. */
  endpoint: string;
  /** Requests under way at once. */
  concurrency: number;
  requestsPerSecond: number | null;
  /** Attempts for each request. */
  attempts: number;
  /** Longest silence of a server, in milliseconds. */
  stallTimeout: number;
  onBadRecord: BadRecordPolicy;
  /** Replace a dataset that exists. */
  force: boolean;
  /** Throw away what an interrupted download of the same output left. */
  restart: boolean;
  signal?: AbortSignal;
  progress?(done: DownloadProgress): void;
}

export interface DownloadProgress {
  documents: number;
  /** Bytes received by this process. */
  received: number;
  /** What is counted towards the end: documents, bytes of text, or bytes of the dataset's files. */
  unit: 'documents' | 'bytes';
  done: number;
  /** What was done when this process began. */
  before: number;
  total: number;
}

/** Records that are not in the dataset. */
export interface LeftOut {
  /** Contents that the archive does not have. */
  missing: number;
  /** Texts without a single byte, or none at all. */
  empty: number;
  /** Records that cannot be used, under the policy `skip`. */
  bad: number;
}

export interface DownloadReport {
  manifest: DatasetManifest;
  leftOut: LeftOut;
  /** Bytes received by this process. */
  received: number;
  /** Documents that an interrupted download had left. */
  resumedFrom: number;
}

/** Columns that are taken for the text without being named. */
export const TEXT_COLUMNS = ['text', 'content', 'code'] as const;

/** Defaults of what may be left out. */
export const DOWNLOAD_DEFAULTS = {
  endpoint: 'https://huggingface.co',
  contents: 'https://softwareheritage.s3.amazonaws.com',
  samples: 1000,
  seed: 42,
  revision: 'main',
  split: 'train',
  prefix: 'download',
  chunkBytes: 64 * 2 ** 20,
  concurrency: 16,
  attempts: 6,
  stallTimeout: 30_000,
} as const;
