import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { receiveError } from '../../support/transferred-error.js';
import { workerEntry } from '../../support/worker-entry.js';
import {
  type CountedPretokens,
  type PretokenArrays,
  PretokenTable,
  pretokensOfRuns,
  pretokensOfTable,
  writeRun,
} from '../../tokenizers/training/index.js';
import type { Unit } from '../blocks.js';
import type { CountReply, CountRequest, CountThreadData, UnitCounts } from './count-protocol.js';

/** Units that a thread has in hand: enough that it need not wait for the next. */
const UNITS_IN_HAND = 2;

export interface CountOptions extends Omit<CountThreadData, 'name' | 'memoryBytes'> {
  workers: number;
  /** Of all threads together. */
  memoryBytes: number;
  units: readonly { path: number; unit: Unit }[];
  signal?: AbortSignal | undefined;
  onUnit(counted: UnitCounts, index: number): void;
}

/**
 * Counts the pre-tokens of all units in threads that read them. What it counts does not depend on the number of threads.
 *
 * @throws what reading throws, OutputError if runs cannot be written, the signal's reason
 */
export async function countPretokens({ workers, memoryBytes, units, signal, onUnit, ...data }: CountOptions) {
  const queue = units.map((unit, index) => ({ ...unit, index }));
  const threads: Worker[] = [];
  try {
    const results = await Promise.all(
      Array.from({ length: Math.max(1, Math.min(workers, queue.length)) }, (_, thread) => {
        const workerData: CountThreadData = { ...data, memoryBytes: memoryBytes / workers, name: `thread${thread}` };
        const worker = new Worker(workerEntry(import.meta.url, './count-worker.js'), { workerData });
        threads.push(worker);
        return countInThread(worker, queue, onUnit, signal);
      }),
    );
    return await merged(results, data.folder);
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

interface ThreadResult {
  table: PretokenArrays;
  runs: string[];
}

function countInThread(
  worker: Worker,
  queue: { path: number; unit: Unit; index: number }[],
  onUnit: CountOptions['onUnit'],
  signal: AbortSignal | undefined,
): Promise<ThreadResult> {
  const send = (request: CountRequest): void => worker.postMessage(request);
  const inHand: number[] = [];
  let finishing = false;
  const sendNext = (): void => {
    const next = queue.shift();
    if (next !== undefined) {
      inHand.push(next.index);
      send({ kind: 'unit', path: next.path, unit: next.unit });
    } else if (inHand.length === 0 && !finishing) {
      finishing = true;
      send({ kind: 'finish' });
    }
  };
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal!.reason);
    if (signal?.aborted) return stop();
    signal?.addEventListener('abort', stop, { once: true });
    worker.on('message', (reply: CountReply) => {
      if (reply.kind === 'unit done') {
        onUnit(reply.counted, inHand.shift()!);
        sendNext();
      } else if (reply.kind === 'finished') {
        signal?.removeEventListener('abort', stop);
        resolve(reply);
      } else reject(receiveError(reply.error));
    });
    worker.once('error', reject);
    worker.once('exit', (status) => reject(new Error(`a counting thread ended with status ${status}`)));
    for (let i = 0; i < UNITS_IN_HAND; i++) sendNext();
  });
}

/** Of tables in memory one table; if some went to the disk already, the others join them there. */
async function merged(results: readonly ThreadResult[], folder: string): Promise<CountedPretokens> {
  const table = new PretokenTable();
  for (const { table: counted } of results) table.addAll(counted);
  const runs = results.flatMap((result) => result.runs);
  if (runs.length === 0) return pretokensOfTable(table);
  if (table.size > 0) {
    const path = join(folder, 'rest.run');
    await writeRun(table, path);
    runs.push(path);
  }
  return pretokensOfRuns(runs);
}
