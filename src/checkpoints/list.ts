import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '../support/errors.js';
import { systemErrorCode } from '../support/output-failures.js';
import { checkpointsDirectory, stepOfName } from './layout.js';
import { readManifest } from './manifest.js';

export interface ListedCheckpoint {
  step: number;
  path: string;
  /** Why it cannot be used, as far as markers and sizes of files tell; null if nothing is known against it. */
  problem: CheckpointError | null;
}

/** The checkpoints of a run in the order of their steps. Directories with any other form of name are none. */
export function listCheckpoints(runDirectory: string): Promise<ListedCheckpoint[]> {
  return listDirectory(checkpointsDirectory(runDirectory));
}

export interface LatestOptions {
  /** Pass over damaged checkpoints instead of failing. */
  fallBack?: boolean;
}

/**
 * The newest checkpoint of a run, or undefined if it has none.
 *
 * @throws CheckpointError if the newest is damaged; the hint names the newest good one. With `fallBack`, if all are.
 */
export async function latestCheckpoint(
  runDirectory: string,
  { fallBack = false }: LatestOptions = {},
): Promise<ListedCheckpoint | undefined> {
  const newestFirst = (await listCheckpoints(runDirectory)).reverse();
  const [newest] = newestFirst;
  if (newest === undefined || newest.problem === null) return newest;
  const good = newestFirst.find(({ problem }) => problem === null);
  if (fallBack && good !== undefined) return good;
  throw namingAlternative(newest.problem, good);
}

/** The newest good checkpoint beside the one at `path`, older ones preferred. */
export async function alternativeTo(path: string): Promise<ListedCheckpoint | undefined> {
  const siblings = await listDirectory(join(path, '..'));
  const own = siblings.find((sibling) => join(sibling.path) === join(path))?.step ?? Infinity;
  const good = siblings.filter(({ step, problem }) => step !== own && problem === null);
  return good.findLast(({ step }) => step < own) ?? good.at(-1);
}

/** The same failure, with a hint that says which checkpoint to go on from. */
export function namingAlternative(failure: CheckpointError, good: ListedCheckpoint | undefined): CheckpointError {
  const hint =
    good === undefined
      ? 'There is no other complete checkpoint beside it; start again or use a copy.'
      : `Name the checkpoint of step ${good.step} instead: ${good.path} (to go on training from it: --resume-from ${good.path})`;
  return new CheckpointError(failure.message, { ...failure.location, hint, cause: failure });
}

async function listDirectory(directory: string): Promise<ListedCheckpoint[]> {
  const found: ListedCheckpoint[] = [];
  for (const name of await namesIn(directory)) {
    const step = stepOfName(name);
    if (step === undefined) continue;
    const path = join(directory, name);
    found.push({ step, path, problem: await problemOf(path) });
  }
  return found.sort((a, b) => a.step - b.step);
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new CheckpointError(`cannot list ${directory}: ${(cause as Error).message}`, { file: directory, cause });
  }
}

async function problemOf(path: string): Promise<CheckpointError | null> {
  try {
    await readManifest(path);
    return null;
  } catch (error) {
    if (error instanceof CheckpointError) return error;
    throw error;
  }
}
