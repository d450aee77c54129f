import type { SessionRequests } from '../../src/plugins/session-thread/index.js';
import type { Binding } from './bindings.js';

/** A session is opened with the binding that its thread is to load. */
export type TfjsRequests = SessionRequests<Binding>;
