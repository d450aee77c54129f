import type { CompressorDescriptor } from '../plugins/compressor-instance.js';
import type { TransferredError } from '../support/transferred-error.js';
import type { Batch, BatchSettings, LoaderState } from './batches.js';

/** What the loader's thread starts with. */
export interface LoaderThreadData {
  settings: BatchSettings;
  compressor: CompressorDescriptor;
  state: LoaderState | null;
}

/** To the thread: make so many more batches, or end. */
export type LoaderRequest = { kind: 'batches'; count: number } | { kind: 'end' };

/** From the thread. After an error nothing else comes. */
export type LoaderReply =
  | { kind: 'open' }
  | { kind: 'batch'; batch: Batch }
  | { kind: 'log'; message: string }
  | { kind: 'error'; error: TransferredError };
