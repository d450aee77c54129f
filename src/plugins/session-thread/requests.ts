import type { Program } from '../../graph/index.js';
import type { BackendFailure, ErrorDetails } from '../../support/errors.js';
import type { Inputs, LoadOptions, Outputs, StateSlice, StateSpec } from '../contracts.js';

/**
 * What the main thread asks of the thread that owns sessions, and what it answers. A backend whose engine blocks its caller
 * puts it there, so that the terminal, signals and data are not kept waiting.
 *
 * @typeParam Settings what the backend's sessions are opened with
 */
export type SessionRequests<Settings = unknown> = {
  open: { request: { state: StateSpec[]; settings: Settings }; reply: null };
  load: { request: { program: Program; options: LoadOptions }; reply: number };
  run: { request: { executable: number; steps: readonly Inputs[] }; reply: Outputs[] };
  unload: { request: { executable: number }; reply: null };
  /** Begins a snapshot of the state as it is now. */
  snapshot: { request: { names: string[] | null }; reply: { snapshot: number; names: string[] } };
  /** As many of the tensors, in order, as fit in a message; at least one. */
  readSnapshot: { request: { snapshot: number; names: string[] }; reply: StateSlice[] };
  endSnapshot: { request: { snapshot: number }; reply: null };
  write: { request: StateSlice; reply: null };
  /** Frees what the session holds, where its thread goes on. */
  close: { request: null; reply: null };
};

/** Requests by name: what is asked, and what is answered. */
export type RequestTable = { [name: string]: { request: unknown; reply: unknown } };

export interface RequestMessage {
  id: number;
  session: number;
  name: string;
  body: unknown;
}

/** A failure, as it crosses threads. */
export interface TransferredFailure {
  failure: BackendFailure;
  message: string;
  details: ErrorDetails;
}

export type ReplyMessage = { id: number; result: unknown } | { id: number; error: TransferredFailure };
