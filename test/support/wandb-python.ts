import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/pc-tests/', import.meta.url));

/** A Python that has the library of Weights & Biases, or why there is none. */
export type WandbPython = { python: string } | { missing: string };

/**
 * The `python3` of this machine if it has the library, else that of a virtual environment, made once and kept beside
 * the installed packages.
 */
export async function wandbPython(): Promise<WandbPython> {
  if (await hasLibrary('python3')) return { python: 'python3' };
  const environment = join(CACHE, 'wandb');
  const python = join(environment, 'bin', 'python');
  if (existsSync(python) && (await hasLibrary(python))) return { python };
  try {
    // Made under another name, so that an interrupted installation is never taken for a finished one.
    await mkdir(CACHE, { recursive: true });
    const making = join(CACHE, `wandb-${process.pid}`);
    await run('python3', ['-m', 'venv', making]);
    await run(join(making, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', 'wandb'], { timeout: 90_000 });
    await rm(environment, { recursive: true, force: true });
    await rename(making, environment);
    return { python };
  } catch (error) {
    return { missing: error instanceof Error ? error.message.split('\n')[0]! : String(error) };
  }
}

async function hasLibrary(python: string): Promise<boolean> {
  return run(python, ['-c', 'import wandb; wandb.init']).then(
    () => true,
    () => false,
  );
}
