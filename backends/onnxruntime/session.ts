import type { Program } from '../../src/graph/index.js';
import type {
  Executable,
  Inputs,
  LoadOptions,
  Outputs,
  Session,
  StateSlice,
  StateSpec,
} from '../../src/plugins/contracts.js';
import { BackendError } from '../../src/support/errors.js';
import { releasing } from '../../src/support/releasing-iterator.js';
import type { Exchange, RequestName, Requests, SessionSettings } from './protocol.js';
import { WorkerThread } from './worker-thread.js';

/** The thread of all sessions that compute on a GPU, once there was one. */
let sharedThread: WorkerThread | null = null;
let sessionCount = 0;

/** The main thread's side of a session: every call is a message to the worker that owns the state. */
export class OnnxruntimeSession implements Session {
  private readonly id = sessionCount++;
  private closed: BackendError | null = null;

  private constructor(
    private readonly thread: WorkerThread,
    private readonly ownsThread: boolean,
  ) {}

  static async open(state: StateSpec[], settings: SessionSettings): Promise<OnnxruntimeSession> {
    const ownsThread = settings.device === 'cpu';
    if (!ownsThread && (sharedThread === null || sharedThread.failure !== null)) sharedThread = new WorkerThread();
    const session = new OnnxruntimeSession(ownsThread ? new WorkerThread() : sharedThread!, ownsThread);
    try {
      await session.request('open', { state, settings });
      return session;
    } catch (error) {
      await session.dispose();
      throw error;
    }
  }

  async load(program: Program, options: LoadOptions = {}): Promise<Executable> {
    const executable = await this.request('load', { program, options });
    return {
      run: (steps: readonly Inputs[]): Promise<Outputs[]> =>
        this.request('run', { executable, steps }, buffersOf(steps)),
      dispose: async () => {
        await this.request('unload', { executable });
      },
    };
  }

  snapshot(names?: string[]): AsyncIterableIterator<StateSlice> {
    const begun = this.request('snapshot', { names: names ?? null });
    begun.catch(() => {}); // whoever iterates gets the failure
    let released = false;
    const release = async (): Promise<void> => {
      if (released || this.closed || this.thread.failure) return;
      released = true;
      await this.request('endSnapshot', { snapshot: (await begun).snapshot });
    };
    return releasing(this.readSnapshot(begun, release), release);
  }

  private async *readSnapshot(
    begun: Promise<Requests['snapshot']['reply']>,
    release: () => Promise<void>,
  ): AsyncGenerator<StateSlice, undefined> {
    const { snapshot, names } = await begun;
    try {
      let left = names;
      while (left.length > 0) {
        const slices = await this.request('readSnapshot', { snapshot, names: left });
        left = left.slice(slices.length);
        yield* slices;
      }
    } finally {
      await release();
    }
  }

  async writeState(slices: AsyncIterable<StateSlice> | Iterable<StateSlice>): Promise<void> {
    for await (const slice of slices) await this.request('write', slice);
  }

  /** A replica's part in an exchange of state with the others of its group. */
  async exchange(part: 'publish' | 'sum' | 'adopt', body: Exchange): Promise<void> {
    await this.request(part, body);
  }

  async dispose(): Promise<void> {
    if (this.closed) return;
    this.closed = new BackendError('failed', 'the session has been disposed of');
    if (this.ownsThread) await this.thread.terminate(this.closed);
    else if (!this.thread.failure) await this.thread.request(this.id, 'close', null);
  }

  private request<Name extends RequestName>(
    name: Name,
    body: Requests[Name]['request'],
    transfer: ArrayBuffer[] = [],
  ): Promise<Requests[Name]['reply']> {
    return this.closed ? Promise.reject(this.closed) : this.thread.request(this.id, name, body, transfer);
  }
}

/** The buffers of inputs, which the worker takes over; one that several inputs share is sent once. */
function buffersOf(steps: readonly Inputs[]): ArrayBuffer[] {
  const buffers = steps.flatMap((step) => Object.values(step).map(({ bytes }) => bytes.buffer));
  return [...new Set(buffers)].filter((buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer);
}
