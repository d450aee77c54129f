import { spawn } from 'node:child_process';
import { BackendError, InterruptedError } from '../support/errors.js';
import type { InstallContext } from './contracts.js';

export interface InstallationStep extends InstallContext {
  command: string;
  args: readonly string[];
  directory?: string;
  /** What the user can do where it fails. */
  hint: string;
}

/**
 * Runs a program as a step of an installation; its last line of output is the progress.
 *
 * @param what the step, as in "installing jax failed"
 * @returns what it printed on standard output
 * @throws BackendError('unavailable') with its last words; InterruptedError
 */
export async function installationStep(what: string, step: InstallationStep): Promise<string> {
  const { command, args, directory, hint, log, signal } = step;
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(directory !== undefined && { cwd: directory }),
    ...(signal && { signal }),
  });
  const printed = { out: '', error: '' };
  child.stdout.on('data', (piece: Buffer) => {
    printed.out += piece.toString();
    log(lastLine(printed.out));
  });
  child.stderr.on('data', (piece: Buffer) => {
    printed.error += piece.toString();
  });
  const code = await new Promise<number | null | Error>((resolve) => {
    // A program that is stopped fails at once and ends later: until then it writes, also into what is to be removed.
    child.on('error', (error) => {
      if (child.pid === undefined) resolve(error);
    });
    child.on('close', resolve);
  });
  if (signal?.aborted) throw new InterruptedError('stopped; nothing was installed');
  if (code === 0) return printed.out;
  const reason = code instanceof Error ? code.message : lastLine(printed.error) || `exit code ${code}`;
  throw new BackendError('unavailable', `${what} failed: ${reason}`, { hint });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)!.trim();
}
