import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemErrorCode } from './output-failures.js';

/** A process, told apart from later ones that get the same number. */
export interface ProcessIdentity {
  pid: number;
  host: string;
  /** Boot and clock tick at which the process began; null where the system does not tell (only Linux does). */
  started: string | null;
}

export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, host: hostname(), started: startOf(process.pid) };
}

/** Whether the process may still be running: those of other hosts cannot be asked and count as running. */
export function mayBeRunning({ pid, host, started }: ProcessIdentity): boolean {
  if (host !== hostname()) return true;
  if (!isAlive(pid)) return false;
  const now = startOf(pid);
  return started === null || now === null || started === now;
}

/** State of a process that has ended and whose parent has not taken notice. */
const ZOMBIE = 'Z';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** When the process with this number began, or null where the system does not tell. */
export function startOf(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the program's name in parentheses, may contain anything; the start time is the 22nd.
    const afterName = status.slice(status.lastIndexOf(')') + 2).split(' ');
    return afterName[0] === ZOMBIE ? 'ended' : `${boot}/${afterName[19]}`;
  } catch {
    return null;
  }
}
