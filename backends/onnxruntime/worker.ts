import { parentPort } from 'node:worker_threads';
import type { Outputs } from '../../src/plugins/contracts.js';
import { BackendError } from '../../src/support/errors.js';
import type { ReplyMessage, RequestMessage, RequestName, Requests } from './protocol.js';
import { describeFailure } from './worker-failures.js';
import { WorkerSession } from './worker-session.js';

/**
 * The thread that owns sessions: `InferenceSession.run` blocks its caller, and the main thread must stay free for the
 * terminal, signals and data. A session on the CPU has a thread to itself; all that compute on a GPU share one, since the
 * runtime's WebGPU is not made for several.
 */
const sessions = new Map<number, WorkerSession>();

async function serve({ session, name, body }: RequestMessage): Promise<Requests[RequestName]['reply']> {
  if (name === 'open') {
    sessions.set(session, new WorkerSession(body.state, body.settings));
    return null;
  }
  const target = sessions.get(session);
  if (!target) throw new BackendError('failed', 'the session has been disposed of');
  if (name === 'close') sessions.delete(session);
  return (target.handlers[name] as (body: unknown) => Requests[RequestName]['reply'])(body);
}

/** Buffers of a reply that can be handed over instead of copied: results, never state. */
function transferable(name: RequestName, result: unknown): ArrayBuffer[] {
  const tensors =
    name === 'run'
      ? (result as Outputs[]).flatMap((outputs) => Object.values(outputs))
      : name === 'readSnapshot'
        ? (result as Requests['readSnapshot']['reply']).map(({ tensor }) => tensor)
        : [];
  return tensors
    .map(({ bytes }) => bytes.buffer)
    .filter((buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer);
}

const port = parentPort;
if (!port) throw new Error('this module runs in a worker thread');

/** Requests are served one after the other, in order of arrival. */
let queue: Promise<void> = Promise.resolve();
port.on('message', (request: RequestMessage) => {
  queue = queue.then(async () => {
    const { id, name } = request;
    try {
      const result = await serve(request);
      port.postMessage({ id, result } as ReplyMessage, transferable(name, result));
    } catch (error) {
      port.postMessage({ id, error: describeFailure(error) } satisfies ReplyMessage);
    }
  });
});
// Nobody knows which request it was: the session ends with the error.
port.on('messageerror', (error) => {
  throw error;
});
