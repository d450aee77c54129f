import type { Program } from '../../graph/index.js';
import { BackendError } from '../../support/errors.js';
import { releasing } from '../../support/releasing-iterator.js';
import type { Executable, Inputs, LoadOptions, Outputs, Session, StateSlice, StateSpec } from '../contracts.js';
import type { SessionRequests } from './requests.js';
import type { SessionThread } from './session-thread.js';

let sessionCount = 0;

/** The main thread's side of a session: every call is a message to the thread that owns the state. */
export class ThreadedSession implements Session {
  /** Its number in its thread. */
  protected readonly id = sessionCount++;
  private closed: BackendError | null = null;

  /** @param ownsThread the thread ends with the session */
  constructor(
    private readonly thread: SessionThread,
    private readonly ownsThread: boolean,
  ) {}

  /** To be called once, before anything else. Nothing is left open where it fails. */
  async begin(state: StateSpec[], settings: unknown): Promise<this> {
    try {
      await this.request('open', { state, settings });
      return this;
    } catch (error) {
      await this.dispose();
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
    begun: Promise<SessionRequests['snapshot']['reply']>,
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

  async dispose(): Promise<void> {
    if (this.closed) return;
    this.closed = new BackendError('failed', 'the session has been disposed of');
    if (this.ownsThread) await this.thread.terminate(this.closed);
    else if (!this.thread.failure) await this.thread.request(this.id, 'close', null);
  }

  private request<Name extends keyof SessionRequests>(
    name: Name,
    body: SessionRequests[Name]['request'],
    transfer: ArrayBuffer[] = [],
  ): Promise<SessionRequests[Name]['reply']> {
    return this.closed ? Promise.reject(this.closed) : this.thread.request(this.id, name, body, transfer);
  }
}

/** The buffers of inputs, which the thread takes over; one that several inputs share is sent once. */
function buffersOf(steps: readonly Inputs[]): ArrayBuffer[] {
  const buffers = steps.flatMap((step) => Object.values(step).map(({ bytes }) => bytes.buffer));
  return [...new Set(buffers)].filter((buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer);
}
