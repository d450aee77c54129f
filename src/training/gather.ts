import type { Backend } from '../plugins/contracts.js';
import { TrainingError } from '../support/errors.js';

type Processes = Pick<Backend, 'topology' | 'allGather'>;

/** What every process has, in the order of their ranks, where each knows only its own: plain data. */
export async function gatherJson<T>(backend: Processes, own: T): Promise<T[]> {
  if (backend.topology.world === 1) return [own];
  const all = await backend.allGather(new TextEncoder().encode(JSON.stringify(own)));
  return all.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T);
}

/**
 * What one process does for all, such as taking the lock of a run: process 0 does it when all have come here, and the
 * others go on when it is done.
 *
 * @throws what it throws; TrainingError with the same message in the other processes
 */
export async function firstForAll(processes: Processes, work: () => Promise<void>): Promise<void> {
  const { rank, world } = processes.topology;
  if (world === 1) return work();
  await gatherJson(processes, null);
  const failure = rank === 0 ? await work().then(() => null, asFailure) : null;
  const [told] = await gatherJson(processes, failure && { message: failure.message });
  if (failure) throw failure;
  if (told) throw new TrainingError(`process 0 could not go on: ${told.message}`);
}

function asFailure(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
