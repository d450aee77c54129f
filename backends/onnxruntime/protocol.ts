import type { Program } from '../../src/graph/index.js';
import type { Inputs, LoadOptions, Outputs, StateSlice, StateSpec } from '../../src/plugins/contracts.js';
import type { BackendFailure, ErrorDetails } from '../../src/support/errors.js';

/** What the main thread asks of the worker that owns a session, and what it answers. */
export interface SessionSettings {
  threads: number;
  arena: boolean;
  /** The execution provider. */
  device: 'cpu' | 'webgpu';
}

export interface Requests {
  open: { request: { state: StateSpec[]; settings: SessionSettings }; reply: null };
  load: { request: { program: Program; options: LoadOptions }; reply: number };
  run: { request: { executable: number; steps: readonly Inputs[] }; reply: Outputs[] };
  /** Frees what the session holds, where its thread goes on. */
  close: { request: null; reply: null };
  unload: { request: { executable: number }; reply: null };
  /** Begins a snapshot of the state as it is now. */
  snapshot: { request: { names: string[] | null }; reply: { snapshot: number; names: string[] } };
  /** As many of the tensors, in order, as fit in a message; at least one. */
  readSnapshot: { request: { snapshot: number; names: string[] }; reply: StateSlice[] };
  endSnapshot: { request: { snapshot: number }; reply: null };
  write: { request: StateSlice; reply: null };
  /** Copies state into the replica's own region of the shared memory. */
  publish: { request: Exchange; reply: null };
  /** Adds what all replicas published to the state. */
  sum: { request: Exchange; reply: null };
  /** Takes over what the owner of each entry published. */
  adopt: { request: Exchange; reply: null };
}

/** Memory that the replicas of a group share: a region for each, laid out alike. */
export interface Exchange {
  regions: SharedArrayBuffer[];
  /** Whose region is one's own. */
  replica: number;
  /** State entries, where they lie in a region, and which replica has their value; offsets in bytes. */
  entries: { name: string; offset: number; owner: number }[];
}

export type RequestName = keyof Requests;

export type RequestMessage = {
  [Name in RequestName]: { id: number; session: number; name: Name; body: Requests[Name]['request'] };
}[RequestName];

export type ReplyMessage =
  | { id: number; result: Requests[RequestName]['reply'] }
  | { id: number; error: { failure: BackendFailure; message: string; details: ErrorDetails } };
