import { Worker } from 'node:worker_threads';
import { BackendError } from '../../support/errors.js';
import type { ReplyMessage, RequestMessage, RequestTable, SessionRequests } from './requests.js';

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The main thread's side of a thread that owns sessions: every call is a message, and has an answer. */
export class SessionThread<Requests extends RequestTable = SessionRequests> {
  private readonly worker: Worker;
  private readonly pending = new Map<number, Pending>();
  private requestCount = 0;
  private ended: BackendError | null = null;

  /** @param entry a module that calls `serveSessions` */
  constructor(entry: URL) {
    this.worker = new Worker(entry);
    const { worker } = this;
    worker.on('message', (reply: ReplyMessage) => this.settle(reply));
    worker.on('error', (error) =>
      this.end(new BackendError('failed', `the worker thread failed: ${error.message}`, { cause: error })),
    );
    worker.on('messageerror', (error) =>
      this.end(
        new BackendError('failed', `a message of the worker thread is unreadable: ${error.message}`, { cause: error }),
      ),
    );
    worker.on('exit', (code) => this.end(new BackendError('failed', `the worker thread ended with code ${code}`)));
    worker.unref();
  }

  /** Why the thread answers no more; null: it does. */
  get failure(): BackendError | null {
    return this.ended;
  }

  request<Name extends keyof Requests & string>(
    session: number,
    name: Name,
    body: Requests[Name]['request'],
    transfer: ArrayBuffer[] = [],
  ): Promise<Requests[Name]['reply']> {
    if (this.ended) return Promise.reject(this.ended);
    const id = this.requestCount++;
    return new Promise((resolve, reject) => {
      // First, since it throws for what cannot be sent, which nobody will answer.
      this.worker.postMessage({ id, session, name, body } satisfies RequestMessage, transfer);
      this.pending.set(id, { resolve: resolve as Pending['resolve'], reject });
      this.worker.ref();
    });
  }

  /** Ends the thread; what it has not answered is rejected with the reason. */
  async terminate(reason: BackendError): Promise<void> {
    this.end(reason);
    await this.worker.terminate();
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

  private end(reason: BackendError): void {
    this.ended ??= reason;
    for (const { reject } of this.pending.values()) reject(this.ended);
    this.pending.clear();
    this.worker.unref();
  }
}
