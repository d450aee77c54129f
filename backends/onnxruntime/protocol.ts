import type { SessionRequests } from '../../src/plugins/session-thread/index.js';

/** What a session is opened with. */
export interface SessionSettings {
  threads: number;
  arena: boolean;
  /** The execution provider. */
  device: 'cpu' | 'webgpu';
}

/** What the main thread asks of the thread that owns sessions, and what it answers. */
export type OnnxruntimeRequests = SessionRequests<SessionSettings> & {
  /** Copies state into the replica's own region of the shared memory. */
  publish: { request: Exchange; reply: null };
  /** Adds what all replicas published to the state. */
  sum: { request: Exchange; reply: null };
  /** Takes over what the owner of each entry published. */
  adopt: { request: Exchange; reply: null };
};

/** Memory that the replicas of a group share: a region for each, laid out alike. */
export interface Exchange {
  regions: SharedArrayBuffer[];
  /** Whose region is one's own. */
  replica: number;
  /** State entries, where they lie in a region, and which replica has their value; offsets in bytes. */
  entries: { name: string; offset: number; owner: number }[];
}
