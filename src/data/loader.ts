import { Worker } from 'node:worker_threads';
import type { CompressorDescriptor } from '../plugins/compressor-instance.js';
import { DataError } from '../support/errors.js';
import { receiveError } from '../support/transferred-error.js';
import { workerEntry } from '../support/worker-entry.js';
import type { Batch, BatchSettings, LoaderState } from './batches.js';
import type { LoaderReply, LoaderRequest, LoaderThreadData } from './loader-protocol.js';

export interface LoaderOptions extends BatchSettings {
  /** From the plugin registry; the loader's thread makes its own instance. */
  compressor: CompressorDescriptor;
  /** Batches that are kept ready. */
  prefetch: number;
  /** Where another run's loading left off; null: at the beginning. */
  fromState: LoaderState | null;
  log?(message: string): void;
}

/** How long the thread may take to finish the batch in hand when the loader is closed, in milliseconds. */
const PATIENCE = 10_000;

/**
 * Loads batches in a thread of its own, always `prefetch` of them ahead of the consumer.
 *
 *     const loader = await openLoader(options);
 *     for (;;) {
 *       const { step, microBatches, statistics, state } = await loader.next();
 *       …
 *     }
 *     await loader.close();
 */
export interface Loader {
  /**
   * The next step's batch; batches are handed out in order, and there is always a next.
   *
   * @throws the error of the loader's thread, once all batches before it have been handed out
   */
  next(): Promise<Batch>;
  /** Ends the thread; a call of `next` that waits is refused. */
  close(): Promise<void>;
}

/**
 * Starts a loader and waits until its sources are open.
 *
 * @throws DataError, ConfigError, PluginError: what opening the sources, the state and the compressor throws
 */
export async function openLoader({
  compressor,
  prefetch,
  fromState,
  log,
  ...settings
}: LoaderOptions): Promise<Loader> {
  const data: LoaderThreadData = { settings, compressor, state: fromState };
  const loader = new ThreadLoader(
    new Worker(workerEntry(import.meta.url, './loader-worker.js'), { workerData: data }),
    log,
  );
  await loader.opened;
  loader.request(prefetch);
  return loader;
}

class ThreadLoader implements Loader {
  readonly opened: Promise<void>;
  private readonly exited: Promise<void>;
  private readonly ready: Batch[] = [];
  private readonly waiting: { resolve(batch: Batch): void; reject(error: Error): void }[] = [];
  private failure: Error | null = null;
  private closed = false;

  constructor(
    private readonly worker: Worker,
    log: LoaderOptions['log'],
  ) {
    this.exited = new Promise((resolve) => worker.once('exit', () => resolve()));
    this.opened = new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        this.fail(error);
        reject(error);
      };
      worker.on('message', (reply: LoaderReply) => {
        if (reply.kind === 'open') resolve();
        else if (reply.kind === 'batch') this.receive(reply.batch);
        else if (reply.kind === 'log') log?.(reply.message);
        else fail(receiveError(reply.error));
      });
      worker.once('error', fail);
      worker.once('messageerror', (cause) =>
        fail(new DataError(`a batch of the loader's thread is unreadable: ${cause.message}`, { cause })),
      );
      worker.once('exit', (status) => fail(new Error(`the loader's thread ended with status ${status}`)));
    });
  }

  next(): Promise<Batch> {
    const batch = this.ready.shift();
    if (batch !== undefined) {
      this.request(1);
      return Promise.resolve(batch);
    }
    if (this.failure !== null) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  async close(): Promise<void> {
    this.closed = true;
    this.fail(new Error('the loader is closed'));
    this.ready.length = 0;
    this.worker.postMessage({ kind: 'end' } satisfies LoaderRequest);
    const timer = setTimeout(() => void this.worker.terminate(), PATIENCE);
    await this.exited;
    clearTimeout(timer);
  }

  request(count: number): void {
    this.worker.postMessage({ kind: 'batches', count } satisfies LoaderRequest);
  }

  private receive(batch: Batch): void {
    if (this.closed) return;
    const waiting = this.waiting.shift();
    if (waiting === undefined) {
      this.ready.push(batch);
      return;
    }
    this.request(1);
    waiting.resolve(batch);
  }

  /** The first failure counts; what comes after it is its consequence. */
  private fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.splice(0)) reject(this.failure);
  }
}
