import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/pc-tests/', import.meta.url));

/** Libraries that a test needs of Python. */
export interface PythonLibraries {
  /** Of the environment. */
  name: string;
  packages: readonly string[];
  /** A program that fails without them. */
  probe: string;
  /** Milliseconds that installing them may take. */
  timeout: number;
}

/** A Python that has the libraries, or why there is none. */
export type FoundPython = { python: string } | { missing: string };

/**
 * The Python that `PC_TEST_PYTHON` names or the `python3` of this machine, if they have the libraries, else that of a
 * virtual environment, made once and kept beside the installed packages.
 */
export async function pythonWith(libraries: PythonLibraries): Promise<FoundPython> {
  for (const python of [process.env.PC_TEST_PYTHON, 'python3'])
    if (python !== undefined && (await hasLibraries(python, libraries))) return { python };
  const { name, packages, timeout } = libraries;
  const environment = join(CACHE, name);
  const python = join(environment, 'bin', 'python');
  if (existsSync(python) && (await hasLibraries(python, libraries))) return { python };
  try {
    // Made under another name, so that an interrupted installation is never taken for a finished one.
    await mkdir(CACHE, { recursive: true });
    const making = join(CACHE, `${name}-${process.pid}`);
    await run('python3', ['-m', 'venv', making]);
    await run(join(making, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', ...packages], { timeout });
    await rm(environment, { recursive: true, force: true });
    await rename(making, environment);
    return { python };
  } catch (error) {
    return { missing: error instanceof Error ? error.message.split('\n')[0]! : String(error) };
  }
}

async function hasLibraries(python: string, { probe }: PythonLibraries): Promise<boolean> {
  return run(python, ['-c', probe]).then(
    () => true,
    () => false,
  );
}
