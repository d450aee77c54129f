import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CheckpointError } from '../../support/errors.js';
import { exists, systemErrorCode } from '../../support/output-failures.js';

/** What makes a directory one of a run. */
const CONFIG_FILE = 'config.yaml';

/** @throws CheckpointError if no run is in the directory; the hint names those beside it */
export async function requireRun(directory: string): Promise<void> {
  if (await exists(join(directory, CONFIG_FILE))) return;
  const runs = await runsIn(dirname(directory));
  throw new CheckpointError(`there is no run ${basename(directory)}`, {
    file: directory,
    hint:
      runs.length === 0
        ? `There are no runs in ${dirname(directory)}; start one by \`pc train\` without --resume.`
        : `Name one of those in ${dirname(directory)}: ${runs.join(', ')}.`,
  });
}

/** @throws CheckpointError if nothing stands at a path that the user names */
export async function requirePath(path: string): Promise<void> {
  if (await exists(path)) return;
  throw new CheckpointError(`there is no such path: ${path}`, {
    file: path,
    hint: 'Name a checkpoint, such as runs/default/checkpoints/0000001000, or a run, such as runs/default.',
  });
}

/** Names of the runs in a directory, sorted; none if there is no such directory. */
export async function runsIn(directory: string): Promise<string[]> {
  const names = await namesIn(directory);
  const found = await Promise.all(names.map((name) => exists(join(directory, name, CONFIG_FILE)).catch(() => false)));
  return names.filter((_, index) => found[index]).sort();
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return [];
  }
}
