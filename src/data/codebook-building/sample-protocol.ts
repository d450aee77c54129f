import type { TransferredError } from '../../support/transferred-error.js';
import type { Unit } from '../blocks.js';
import type { BadRecordPolicy, PassedOver } from '../documents.js';

/** Bytes of records that are read at a time; units of plain JSONL are a few of them. */
export const BLOCK_BYTES = 1 << 18;

/** What a reading thread is given at its start. */
export interface SampleThreadData {
  paths: readonly string[];
  onBadRecord: BadRecordPolicy;
  seed: number;
  /** Share of the documents that are held out. */
  heldOut: number;
}

/** Units are those of the partition of `paths[path]`. */
export interface SampleTask {
  path: number;
  unit: Unit;
  /** Pieces whose draw is not below it need not be handed back. */
  share: number;
}

export interface UnitSample {
  documents: number;
  textBytes: number;
  passedOver: PassedOver;
  heldOut: Uint8Array[];
  pieces: Pieces;
}

/** Pieces of documents, one after the other. */
export interface Pieces {
  bytes: Uint8Array<ArrayBuffer>;
  /** End of each piece in `bytes`. */
  ends: Uint32Array<ArrayBuffer>;
  /** What decides which pieces are kept: in [0, 1), by the content. */
  draws: Float64Array<ArrayBuffer>;
}

export type SampleOutcome = { value: UnitSample } | { error: TransferredError };
