/**
 * Sessions in a thread of their own, for engines that block whoever calls them: the main thread's side (`SessionThread`,
 * `ThreadedSession`), the worker's (`serveSessions`), and what both say to each other.
 */
export { checkInput, checkState } from './checks.js';
export type { SessionRequests } from './requests.js';
export { type SessionHandlers, serveSessions } from './serve-sessions.js';
export { SessionThread } from './session-thread.js';
export { checkSlice, slicesOfMessage, wholeSlice, writeSlice } from './state-slices.js';
export { ThreadedSession } from './threaded-session.js';
