import { readdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { acquireLock, type DirectoryLock } from '../support/directory-lock.js';
import { OutputError } from '../support/errors.js';
import { exists, systemErrorCode } from '../support/output-failures.js';
import type { QuickstartLayout } from './layout.js';
import { type QuickstartPlan, readPlan } from './plan.js';

/** The directory of a quickstart, held against others. */
export interface ClaimedDirectory {
  /** Of a quickstart that was begun here and goes on; null: this one begins. */
  plan: QuickstartPlan | null;
  lock: DirectoryLock;
}

/**
 * Takes a directory for a quickstart: a new or empty one, or that of a quickstart that was stopped, to go on with it.
 *
 * @param force begin anew where a quickstart was finished or stopped
 * @throws OutputError if it is in use or cannot be written, holds a finished quickstart and `force` is false, or holds
 *   anything else; DataError if its plan is damaged and `force` is false
 */
export async function claimDirectory(layout: QuickstartLayout, force: boolean): Promise<ClaimedDirectory> {
  await refuseForeign(layout);
  const lock = await acquireLock(layout.directory);
  try {
    if (force) await removeQuickstart(layout);
    else if (await exists(layout.results))
      throw new OutputError(`${layout.directory} holds a finished quickstart`, {
        file: layout.results,
        hint: `Open ${layout.report}, choose another directory with -o, or begin anew with --force.`,
      });
    return { plan: await readPlan(layout.plan), lock };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function refuseForeign({ directory, plan }: QuickstartLayout): Promise<void> {
  if (await exists(plan)) return;
  const names = (await namesIn(directory)).filter((name) => !name.includes('lock.json'));
  if (names.length === 0) return;
  throw new OutputError(`${directory} holds other things than a quickstart`, {
    file: directory,
    hint: 'Choose an empty or new directory with -o.',
  });
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Removes what a quickstart made, the plan last: until then the directory is known as a quickstart's. */
async function removeQuickstart(layout: QuickstartLayout): Promise<void> {
  const { results, report, runs, untrained, tokenizer, data, plan } = layout;
  for (const path of [results, report, runs, untrained, dirname(tokenizer), data, plan])
    await rm(path, { recursive: true, force: true });
}
