import type { StateSpec } from '../../src/plugins/contracts.js';
import { SessionThread, ThreadedSession } from '../../src/plugins/session-thread/index.js';
import { workerEntry } from '../../src/support/worker-entry.js';
import type { Exchange, OnnxruntimeRequests, SessionSettings } from './protocol.js';

type Thread = SessionThread<OnnxruntimeRequests>;

const startThread = (): Thread => new SessionThread(workerEntry(import.meta.url, './worker.js'));

/** The thread of all sessions that compute on a GPU, once there was one. */
let sharedThread: Thread | null = null;

/**
 * The main thread's side of a session. One on the CPU has a thread to itself; all that compute on a GPU share one, since the
 * runtime's WebGPU is not made for several.
 */
export class OnnxruntimeSession extends ThreadedSession {
  private constructor(
    private readonly runtime: Thread,
    ownsThread: boolean,
  ) {
    super(runtime, ownsThread);
  }

  static async open(state: StateSpec[], settings: SessionSettings): Promise<OnnxruntimeSession> {
    if (settings.device === 'cpu') return new OnnxruntimeSession(startThread(), true).begin(state, settings);
    if (sharedThread === null || sharedThread.failure !== null) sharedThread = startThread();
    return new OnnxruntimeSession(sharedThread, false).begin(state, settings);
  }

  /** A replica's part in an exchange of state with the others of its group. */
  async exchange(part: 'publish' | 'sum' | 'adopt', body: Exchange): Promise<void> {
    await this.runtime.request(this.id, part, body);
  }
}
