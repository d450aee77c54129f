import type { CompressorDescriptor } from '../../plugins/compressor-instance.js';
import type { TransferredError } from '../../support/transferred-error.js';
import type { BadRecordPolicy } from '../documents.js';
import type { RecordsBlock } from './blocks.js';
import type { Column, ColumnValues } from './columns.js';
import type { BlockCounts } from './encode-block.js';
import type { CodeField } from './manifest.js';
import type { ShardFormat } from './options.js';

/** What the threads of the pool start with. */
export interface WorkerData {
  compressors: readonly CompressorDescriptor[];
  /** Name of the channel for signals. */
  channel: string;
}

/** Between the pool and its threads, beside their tasks. */
export type WorkerSignal =
  /** From a thread that has compressors to dispose of. */
  | { kind: 'started' }
  | { kind: 'log'; message: string }
  /** To all threads: dispose of them; and from each that had some, when it has. */
  | { kind: 'end' }
  | { kind: 'ended'; error: TransferredError | null };

/** How encoded records are handed back. */
export type BlockShape = { kind: Exclude<ShardFormat, 'parquet'> } | { kind: 'parquet'; columns: readonly Column[] };

export interface EncodeTask {
  block: RecordsBlock;
  shape: BlockShape;
  onBadRecord: BadRecordPolicy;
  /** Memory for lines, if there is some that was used before. */
  spare?: ArrayBuffer;
}

/** Which fields a block's records have. */
export interface FieldsTask {
  block: RecordsBlock;
  onBadRecord: BadRecordPolicy;
}

export interface VerifyTask {
  block: RecordsBlock;
}

export type BlockOutput =
  | { kind: 'bytes'; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'columns'; columns: ColumnValues[] };

export interface EncodedBlock {
  output: BlockOutput;
  /** Memory that the block was read into, to be used again. */
  read: ArrayBuffer | null;
  counts: BlockCounts;
}

/** What one compressor writes. */
export type CompressorIdentity = Pick<CodeField, 'field' | 'sideField' | 'fingerprint' | 'alphabetSize'>;

export type Outcome<Value> = { value: Value } | { error: TransferredError };
