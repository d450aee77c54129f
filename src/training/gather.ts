import type { Backend } from '../plugins/contracts.js';

/** What every process has, in the order of their ranks, where each knows only its own: plain data. */
export async function gatherJson<T>(backend: Pick<Backend, 'topology' | 'allGather'>, own: T): Promise<T[]> {
  if (backend.topology.world === 1) return [own];
  const all = await backend.allGather(new TextEncoder().encode(JSON.stringify(own)));
  return all.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T);
}
