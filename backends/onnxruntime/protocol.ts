import type { Program } from '../../src/graph/index.js';
import type { Inputs, LoadOptions, Outputs, StateSlice, StateSpec } from '../../src/plugins/contracts.js';
import type { BackendFailure, ErrorDetails } from '../../src/support/errors.js';

/** What the main thread asks of the worker that owns a session, and what it answers. */
export interface SessionSettings {
  threads: number;
  arena: boolean;
}

export interface Requests {
  open: { request: { state: StateSpec[]; settings: SessionSettings }; reply: null };
  load: { request: { program: Program; options: LoadOptions }; reply: number };
  run: { request: { executable: number; steps: readonly Inputs[] }; reply: Outputs[] };
  unload: { request: { executable: number }; reply: null };
  /** Begins a snapshot of the state as it is now. */
  snapshot: { request: { names: string[] | null }; reply: { snapshot: number; names: string[] } };
  /** As many of the tensors, in order, as fit in a message; at least one. */
  readSnapshot: { request: { snapshot: number; names: string[] }; reply: StateSlice[] };
  endSnapshot: { request: { snapshot: number }; reply: null };
  write: { request: StateSlice; reply: null };
}

export type RequestName = keyof Requests;

export type RequestMessage = {
  [Name in RequestName]: { id: number; name: Name; body: Requests[Name]['request'] };
}[RequestName];

export type ReplyMessage =
  | { id: number; result: Requests[RequestName]['reply'] }
  | { id: number; error: { failure: BackendFailure; message: string; details: ErrorDetails } };
