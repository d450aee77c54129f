import { parentPort, workerData } from 'node:worker_threads';
import { instantiateCompressor } from '../plugins/compressor-instance.js';
import { transferError } from '../support/transferred-error.js';
import { type Batch, BatchAssembler } from './batches.js';
import type { LoaderReply, LoaderRequest, LoaderThreadData } from './loader-protocol.js';

const port = parentPort;
if (port === null) throw new Error('this module runs in a worker thread');

/** Batches that may still be made before the consumer takes one. */
let wanted = 0;
let ended = false;
let wake = (): void => {};

port.on('message', (request: LoaderRequest) => {
  if (request.kind === 'batches') wanted += request.count;
  else ended = true;
  wake();
});

// The thread ends with the error.
port.on('messageerror', (error) => {
  throw error;
});

const reply = (message: LoaderReply, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

async function load({ settings, compressor: descriptor, state }: LoaderThreadData): Promise<void> {
  const log = (message: string): void => reply({ kind: 'log', message });
  const compressor = await instantiateCompressor(descriptor, log);
  try {
    const assembler = await BatchAssembler.open(settings, compressor, state, log);
    reply({ kind: 'open' });
    await serve(assembler);
    await assembler.close();
  } finally {
    await compressor.dispose?.();
  }
}

async function serve(assembler: BatchAssembler): Promise<void> {
  while (!ended) {
    if (wanted === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      continue;
    }
    wanted--;
    const batch = await assembler.next();
    reply({ kind: 'batch', batch }, buffersOf(batch));
    // Requests are read between batches: an endless run of awaits that are ready would keep them waiting.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function buffersOf({ microBatches }: Batch): ArrayBuffer[] {
  const tensors = microBatches.flatMap(({ inputs }) => Object.values(inputs));
  return [...new Set(tensors.map(({ bytes }) => bytes.buffer as ArrayBuffer))];
}

load(workerData as LoaderThreadData)
  .catch((error: unknown) => reply({ kind: 'error', error: transferError(error) }))
  // With its port closed the thread has nothing left to wait for.
  .finally(() => port.close());
