import type { ByteModel } from '../../neural-coding/byte-model.js';
import type { WindowParameters } from '../../neural-coding/parameters.js';
import type { WindowStatistics } from '../../neural-coding/phrase-counts.js';
import type { BadRecordPolicy, PassedOver } from '../documents.js';

/** Where the frequencies of a codebook that is built here come from; others give their own. */
export const BUILD_SOURCES = ['counts', 'm1'] as const;
export type BuildSource = (typeof BUILD_SOURCES)[number];

interface CommonRequest extends WindowParameters {
  /** Datasets: folders or files. */
  data: readonly string[];
  /** The file to write. */
  output: string;
  /** A file for the frequencies of the codebook, with which it can be compiled again; null: none. */
  frequencies: string | null;
  onBadRecord: BadRecordPolicy;
  /** A dataset to measure on; null: a few documents of the data, held out by content. */
  validation: string | null;
  /** Of what is chosen by chance. */
  seed: number;
  /** Hold out about this many bytes of text, at most a hundredth of all; not where there is validation data. */
  heldOutBytes: number;
  /** Memory for text and for counting in it, in bytes. */
  memoryBytes: number;
  /** Threads that read. */
  workers: number;
  force: boolean;
  signal?: AbortSignal;
  progress?(phase: BuildPhase): void;
}

export interface CountsRequest extends CommonRequest {
  source: 'counts';
  /** Codebooks to make at most: the first of counts at `starts`, each further one at the windows of the one before. */
  rounds: number;
  /** Random positions, or the windows of a codebook, given by its path. */
  starts: 'random' | { codebook: string };
}

export interface ModelRequest extends CommonRequest {
  source: 'm1';
  model: ByteModel;
  /** What the model was trained on, in words. */
  corpus: string;
}

export type CodebookBuildRequest = CountsRequest | ModelRequest;

/** What building is doing. */
export type BuildPhase =
  | { phase: 'read'; bytes: number; totalBytes: number }
  | { phase: 'count'; round: number; depth: number }
  /** Strings whose continuations are known, and those found so far. */
  | { phase: 'compile'; round: number; asked: number; found: number }
  | { phase: 'measure'; round: number };

/** One codebook of several, of which the best is kept. */
export interface BuildRound {
  /** Where the counts were taken; null for a trained model. */
  starts: 'random' | 'windows' | null;
  /** Starting positions that were counted at, and strings whose followers were counted. */
  counted: { starts: number; strings: number } | null;
  /** Strings that can be a window or the beginning of one: |S|. */
  strings: number;
  /** Strings with a code. */
  phrases: number;
  /** What it costs that frequencies are integers of 16 bits, under the float distribution (`QuantisationLoss`). */
  quantisationLoss: { bitsPerByte: number; bitsPerWindow: number };
  /** What the windows make of the documents that were held out; null if none were. */
  heldOut: WindowStatistics | null;
  seconds: { counting: number; compiling: number; measuring: number };
}

export interface CodebookBuildReport extends WindowParameters {
  output: string;
  fingerprint: string;
  fileBytes: number;
  source: BuildSource;
  documents: number;
  textBytes: number;
  /** Bytes of the text that counts were taken of. */
  sampleBytes: number;
  passedOver: PassedOver;
  rounds: BuildRound[];
  /** Index of the round whose codebook was written. */
  kept: number;
  seconds: { reading: number };
}

export const BUILD_DEFAULTS = {
  source: 'counts',
  frequencies: null,
  windowBits: 16,
  coder: 'strict',
  rounds: 4,
  onBadRecord: 'fail',
  seed: 0,
  heldOutBytes: 8e6,
  memoryBytes: 2e9,
} as const;
