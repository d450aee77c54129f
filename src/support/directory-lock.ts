import { link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeDirectory, removeQuietly, writeFileDurably, writeFully } from './durable-files.js';
import { OutputError } from './errors.js';
import { refusesLinks } from './hard-links.js';
import { asOutputError, systemErrorCode } from './output-failures.js';
import { mayBeRunning, type ProcessIdentity, thisProcess } from './process-identity.js';
import { temporaryBeside } from './temporaries.js';

/** A lock file holds this as JSON. */
interface Holder extends ProcessIdentity {
  /** When it was locked, in ISO 8601; for people. */
  since: string;
}

/** Another process is at work in a directory. */
export class DirectoryInUseError extends OutputError {
  constructor(
    directory: string,
    lockFile: string,
    /** The process at work, and its host. */
    readonly pid: number,
    readonly host: string,
  ) {
    super(`${directory} is in use by process ${pid} on ${host}`, {
      file: lockFile,
      hint: `Wait for it or stop it, or choose another directory; if ${host} no longer runs it, delete ${lockFile}.`,
    });
  }
}

export interface DirectoryLock {
  release(): Promise<void>;
}

const LOCK_NAME = 'lock.json';

/** How often the holder shows that it is alive, by writing the lock again, and when other hosts give it up, in ms. */
const HEARTBEAT = 30_000;
const SILENCE = 10 * HEARTBEAT;

/** Where there are no links, how often a lock is looked at that is empty because it is being written, and how long between. */
const LOOKS = 20;
const LOOK_INTERVAL = 50;

/**
 * Locks a directory, made if missing, against other processes until `release` or the end of this process: the lock of
 * a process that no longer runs is taken over, at once on the same host and after five minutes of silence on others.
 *
 * @throws DirectoryInUseError if a process that may be running (or this one) has locked it.
 * @throws OutputError if the directory cannot be written to.
 */
export async function acquireLock(directory: string): Promise<DirectoryLock> {
  const lockFile = join(directory, LOCK_NAME);
  const content = JSON.stringify({ ...thisProcess(), since: new Date().toISOString() } satisfies Holder);
  const temporary = temporaryBeside(lockFile);
  try {
    await makeDirectory(directory);
    await writeFileDurably(temporary, content);
    await lock(directory, lockFile, temporary);
    return await held(lockFile, content);
  } catch (error) {
    throw asOutputError(error, lockFile);
  } finally {
    await removeQuietly(temporary);
  }
}

/**
 * Refuses a directory that a process has locked which may still be running. Says nothing about the next instant: two
 * processes that each hold a lock of their own first, and then look for the other's, cannot overlook each other.
 *
 * @param ownDirectory one that this process has locked, on the same file system
 * @throws DirectoryInUseError
 */
export async function requireUnlocked(directory: string, ownDirectory: string): Promise<void> {
  const lockFile = join(directory, LOCK_NAME);
  try {
    const found = await readText(lockFile);
    const holder = found === undefined ? undefined : parseHolder(found);
    if (holder === undefined || !mayBeRunning(holder)) return;
    if (await isSilent(holder, lockFile, join(ownDirectory, LOCK_NAME))) return;
    throw new DirectoryInUseError(directory, lockFile, holder.pid, holder.host);
  } catch (error) {
    throw asOutputError(error, lockFile);
  }
}

/** The lock, kept fresh. Should that fail, the work it protects is not to suffer: others see the silence. */
async function held(lockFile: string, content: string): Promise<DirectoryLock> {
  const file = await open(lockFile, 'r+');
  let beat: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    beat = writeFully(file, Buffer.from(content), 0).catch(() => undefined);
  }, HEARTBEAT);
  timer.unref();
  return {
    async release() {
      clearInterval(timer);
      await beat;
      await file.close();
      if ((await readText(lockFile)) === content) await rm(lockFile, { force: true });
    },
  };
}

/** Gives the file `ours`, whose content names this process, the name `lockFile`, unless a running process has that. */
async function lock(directory: string, lockFile: string, ours: string): Promise<void> {
  let looks = 0;
  while (!(await linked(ours, lockFile))) {
    const found = await readText(lockFile);
    if (found === undefined) continue; // released in between
    if (found === '' && ++looks < LOOKS) {
      await sleep(LOOK_INTERVAL);
      continue;
    }
    const holder = parseHolder(found);
    if (holder !== undefined && mayBeRunning(holder) && !(await isSilent(holder, lockFile, ours))) {
      throw new DirectoryInUseError(directory, lockFile, holder.pid, holder.host);
    }
    // Of several processes that find the same stale lock one may replace it: the one that locks its replacement.
    const claim = `${lockFile}.claim`;
    await lock(directory, claim, ours);
    try {
      if ((await readText(lockFile)) !== found) continue;
      await copyOver(ours, lockFile);
      return;
    } finally {
      await rm(claim, { force: true });
    }
  }
}

/** Whether a holder on another host has stopped showing that it is alive; by the clock of the file system. */
async function isSilent(holder: Holder, lockFile: string, justWritten: string): Promise<boolean> {
  if (holder.host === hostname()) return false;
  try {
    return (await stat(justWritten)).mtimeMs - (await stat(lockFile)).mtimeMs > SILENCE;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false; // released in between
    throw error;
  }
}

/**
 * Whether the file now has the second name too; false if that was taken. Unlike a rename, this replaces nothing. Where
 * there are no links, a copy has it, which is empty for an instant.
 */
async function linked(file: string, name: string): Promise<boolean> {
  try {
    await link(file, name);
    return true;
  } catch (error) {
    if (refusesLinks(error)) return copied(file, name);
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function copied(file: string, name: string): Promise<boolean> {
  try {
    await writeFileDurably(name, await readFile(file));
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function copyOver(file: string, name: string): Promise<void> {
  const second = temporaryBeside(name);
  await writeFileDurably(second, await readFile(file));
  await rename(second, name);
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Undefined for what this module did not write: a lock is put into place whole, or soon is, so that is nobody's. */
function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, host, started, since } = JSON.parse(text) as Partial<Record<keyof Holder, unknown>>;
    const valid =
      Number.isInteger(pid) && typeof host === 'string' && (started === null || typeof started === 'string');
    return valid ? { pid: pid as number, host, started, since: String(since) } : undefined;
  } catch {
    return undefined;
  }
}
