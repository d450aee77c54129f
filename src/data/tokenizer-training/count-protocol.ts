import type { TransferredError } from '../../support/transferred-error.js';
import type { PretokenArrays } from '../../tokenizers/training/index.js';
import type { Unit } from '../blocks.js';
import type { BadRecordPolicy, PassedOver } from '../documents.js';
import type { Selection } from './selection.js';

/** Bytes of records that are read at a time; units of plain JSONL are a few of them. */
export const BLOCK_BYTES = 1 << 18;

/** What a counting thread is given at its start. */
export interface CountThreadData {
  paths: readonly string[];
  /** Units are cut for this many readers. */
  readers: number;
  pattern: string;
  onBadRecord: BadRecordPolicy;
  selection: Selection;
  /** Most bytes of the table; a larger one becomes a run in `folder`. */
  memoryBytes: number;
  folder: string;
  /** Beginning of the names of runs. */
  name: string;
}

/** Units are those of the partition of `paths[path]`. */
export type CountRequest = { kind: 'unit'; path: number; unit: Unit } | { kind: 'finish' };

export type CountReply =
  | { kind: 'unit done'; counted: UnitCounts }
  | { kind: 'finished'; table: PretokenArrays; runs: string[] }
  | { kind: 'error'; error: TransferredError };

export interface UnitCounts {
  documents: number;
  textBytes: number;
  passedOver: PassedOver;
  heldOut: Uint8Array[];
}
