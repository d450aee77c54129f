import { parentPort } from 'node:worker_threads';
import { BackendError, type BackendFailure, PcError } from '../../support/errors.js';
import type { Outputs, StateSlice } from '../contracts.js';
import type { ReplyMessage, RequestMessage, RequestTable, SessionRequests, TransferredFailure } from './requests.js';

/** What carries out each request, other than to open a session. */
export type SessionHandlers<Requests extends RequestTable = SessionRequests> = {
  [Name in Exclude<keyof Requests, 'open'>]: (
    body: Requests[Name]['request'],
  ) => Promise<Requests[Name]['reply']> | Requests[Name]['reply'];
};

/** An engine reports failures as text: phrases it uses, what they mean, and what to do. */
export interface EngineFailures {
  engine: string;
  phrases: readonly (readonly [RegExp, BackendFailure, string])[];
}

/**
 * The worker's side: serves the requests of all its sessions one after the other, in order of arrival, for as long as the
 * thread lives.
 */
export function serveSessions<Requests extends RequestTable>(
  open: (body: Requests['open']['request']) => SessionHandlers<Requests> | Promise<SessionHandlers<Requests>>,
  failures: EngineFailures,
): void {
  const port = parentPort;
  if (!port) throw new Error('this module runs in a worker thread');
  const sessions = new Map<number, SessionHandlers<Requests>>();

  const serve = async ({ session, name, body }: RequestMessage): Promise<unknown> => {
    if (name === 'open') {
      sessions.set(session, await open(body as Requests['open']['request']));
      return null;
    }
    const handlers = sessions.get(session);
    // One that could not be opened holds nothing.
    if (!handlers && name === 'close') return null;
    if (!handlers) throw new BackendError('failed', 'the session has been disposed of');
    if (name === 'close') sessions.delete(session);
    return (handlers as Record<string, (body: unknown) => unknown>)[name]!(body);
  };

  let queue: Promise<void> = Promise.resolve();
  port.on('message', (request: RequestMessage) => {
    queue = queue.then(async () => {
      const { id, name } = request;
      try {
        const result = await serve(request);
        port.postMessage({ id, result } satisfies ReplyMessage, transferable(name, result));
      } catch (error) {
        port.postMessage({ id, error: describeFailure(error, failures) } satisfies ReplyMessage);
      }
    });
  });
  // Nobody knows which request it was: the sessions end with the error.
  port.on('messageerror', (error) => {
    throw error;
  });
}

/** Buffers of a reply that can be handed over instead of copied: results, and copies of state. */
function transferable(name: string, result: unknown): ArrayBuffer[] {
  const tensors =
    name === 'run'
      ? (result as Outputs[]).flatMap((outputs) => Object.values(outputs))
      : name === 'readSnapshot'
        ? (result as StateSlice[]).map(({ tensor }) => tensor)
        : [];
  return tensors
    .map(({ bytes }) => bytes.buffer)
    .filter((buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer);
}

function describeFailure(error: unknown, { engine, phrases }: EngineFailures): TransferredFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof PcError) {
    const failure = error instanceof BackendError ? error.failure : 'corrupt-program';
    return { failure, message, details: { ...error.location, ...(error.hint && { hint: error.hint }) } };
  }
  const known = phrases.find(([phrase]) => phrase.test(message));
  return {
    failure: known?.[1] ?? 'failed',
    message: `${engine}: ${message}`,
    details: known ? { hint: known[2] } : {},
  };
}
