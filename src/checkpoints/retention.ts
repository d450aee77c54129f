import { rename } from 'node:fs/promises';
import { removeQuietly } from '../support/durable-files.js';
import { asOutputError } from '../support/output-failures.js';
import { temporaryBeside } from '../support/temporaries.js';
import { listCheckpoints } from './list.js';

export interface Retention {
  /** How many of the newest checkpoints are kept; 0: all. */
  keep: number;
  /** Checkpoints of steps that are multiples of this are kept as well. */
  keepEvery?: number | null;
}

/**
 * Deletes the checkpoints that need not be kept and returns their paths. Damaged ones neither count nor are deleted;
 * directories whose name is not exactly that of a checkpoint are left alone; the newest complete one always stays.
 *
 * @throws OutputError if one cannot be deleted.
 */
export async function applyRetention(runDirectory: string, { keep, keepEvery }: Retention): Promise<string[]> {
  if (keep <= 0) return [];
  const complete = (await listCheckpoints(runDirectory)).filter(({ problem }) => problem === null);
  const superfluous = complete.slice(0, -keep).filter(({ step }) => !keepEvery || step % keepEvery !== 0);
  for (const { path } of superfluous) await removeWhole(path);
  return superfluous.map(({ path }) => path);
}

/** Takes the name away first: a deletion that is interrupted leaves nothing that looks like a checkpoint. */
async function removeWhole(path: string): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await rename(path, temporary);
  } catch (error) {
    throw asOutputError(error, path);
  }
  await removeQuietly(temporary);
}
