import { createHash, randomBytes } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { asOutputError, exists, systemErrorCode } from './output-failures.js';
import { mayBeRunning, startOf } from './process-identity.js';

/**
 * Names of what is not finished yet. They tell which process is at work, so that the leftovers of one that was killed
 * can be recognised and removed:
 *
 *     .pc-<host>-<pid>-<start of the process>-<random>.tmp
 *     .pc-<host>-<pid>-<start of the process>-<random>.<name>.replaced
 *
 * with hashes for host and start. The second form is a directory that had the name `<name>` and is being replaced.
 */
const TEMPORARY =
  /^\.pc-(?<host>[0-9a-f]{8})-(?<pid>\d{1,10})-(?<start>[0-9a-f]{8})-[0-9a-f]{12}\.(?:tmp|(?<replaced>.+)\.replaced)$/;

/** A fresh name beside `path`, to write what will be renamed to `path`. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), `${uniquePrefix()}.tmp`);
}

/** A fresh name beside `path` to move the old content of `path` to while new content takes its place. */
export function replacedNameBeside(path: string, name: string): string {
  return join(dirname(path), `${uniquePrefix()}.${name}.replaced`);
}

export interface StaleOptions {
  /** Nobody else works in the directory (it is locked): what other hosts left there is stale as well. */
  exclusive?: boolean;
}

/**
 * Removes what processes that no longer run left unfinished in a directory, and puts back what one of them had moved
 * away and not yet replaced. Returns the names that it removed or put back.
 *
 * @throws OutputError if the directory cannot be changed.
 */
export async function removeStaleTemporaries(
  directory: string,
  { exclusive = false }: StaleOptions = {},
): Promise<string[]> {
  const handled: string[] = [];
  try {
    for (const name of await readdir(directory)) {
      const parts = TEMPORARY.exec(name)?.groups;
      if (parts === undefined || mayBeInUse(parts, exclusive)) continue;
      const path = join(directory, name);
      const { replaced } = parts;
      if (replaced !== undefined && !(await exists(join(directory, replaced)))) {
        await rename(path, join(directory, replaced));
      } else {
        await rm(path, { recursive: true, force: true });
      }
      handled.push(name);
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return handled;
    throw asOutputError(error, directory);
  }
  return handled;
}

function mayBeInUse({ host, pid, start }: Record<string, string | undefined>, exclusive: boolean): boolean {
  if (host !== shortHash(hostname())) return !exclusive;
  const id = Number(pid);
  if (start !== shortHash(startOf(id) ?? '')) return false;
  return mayBeRunning({ pid: id, host: hostname(), started: null });
}

function uniquePrefix(): string {
  const start = shortHash(startOf(process.pid) ?? '');
  return `.pc-${shortHash(hostname())}-${process.pid}-${start}-${randomBytes(6).toString('hex')}`;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
