import { Worker } from 'node:worker_threads';
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
import { workerEntry } from '../../src/support/worker-entry.js';
import type { Exchange, ReplyMessage, RequestMessage, RequestName, Requests, SessionSettings } from './protocol.js';

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The main thread's side of a session: every call is a message to the worker that owns the state. */
export class OnnxruntimeSession implements Session {
  private readonly pending = new Map<number, Pending>();
  private requestCount = 0;
  private closed: BackendError | null = null;

  private constructor(private readonly worker: Worker) {
    worker.on('message', (reply: ReplyMessage) => this.settle(reply));
    worker.on('error', (error) =>
      this.close(new BackendError('failed', `the worker thread failed: ${error.message}`, { cause: error })),
    );
    worker.on('messageerror', (error) =>
      this.close(
        new BackendError('failed', `a message of the worker thread is unreadable: ${error.message}`, { cause: error }),
      ),
    );
    worker.on('exit', (code) => this.close(new BackendError('failed', `the worker thread ended with code ${code}`)));
    worker.unref();
  }

  static async open(state: StateSpec[], settings: SessionSettings): Promise<OnnxruntimeSession> {
    const session = new OnnxruntimeSession(new Worker(workerEntry(import.meta.url, './worker.js')));
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
      if (released || this.closed) return;
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
    this.close(new BackendError('failed', 'the session has been disposed of'));
    await this.worker.terminate();
  }

  private request<Name extends RequestName>(
    name: Name,
    body: Requests[Name]['request'],
    transfer: ArrayBuffer[] = [],
  ): Promise<Requests[Name]['reply']> {
    if (this.closed) return Promise.reject(this.closed);
    const id = this.requestCount++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve: resolve as Pending['resolve'], reject });
      this.worker.ref();
      this.worker.postMessage({ id, name, body } as RequestMessage, transfer);
    });
  }

  private settle(reply: ReplyMessage): void {
    const waiting = this.pending.get(reply.id);
    this.pending.delete(reply.id);
    // An idle session does not keep the process alive.
    if (this.pending.size === 0) this.worker.unref();
    if ('error' in reply)
      waiting?.reject(new BackendError(reply.error.failure, reply.error.message, reply.error.details));
    else waiting?.resolve(reply.result);
  }

  private close(reason: BackendError): void {
    this.closed ??= reason;
    for (const { reject } of this.pending.values()) reject(this.closed);
    this.pending.clear();
  }
}

/** The buffers of inputs, which the worker takes over; one that several inputs share is sent once. */
function buffersOf(steps: readonly Inputs[]): ArrayBuffer[] {
  const buffers = steps.flatMap((step) => Object.values(step).map(({ bytes }) => bytes.buffer));
  return [...new Set(buffers)].filter((buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer);
}
