import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { jaxBackend } from '../../backends/jax/index.js';
import type { Backend } from '../../src/plugins/contracts.js';
import { type FoundPython, pythonWith } from '../support/python-with.js';

const run = promisify(execFile);

/** A Python of this machine that has jax, or why there is none; nothing is installed. */
async function findJax(): Promise<FoundPython> {
  for (const python of [process.env.PC_TEST_PYTHON, process.env.PC_JAX_PYTHON, 'python3'])
    if (python !== undefined) {
      const found = await run(python, ['-c', 'import jax']).then(
        () => true,
        () => false,
      );
      if (found) return { python };
    }
  return { missing: 'no Python with jax was found; PC_TEST_PYTHON names one' };
}

export const jaxPython = await findJax();

/** For long tests: one that is made where there is none. */
export function installedJax(): Promise<FoundPython> {
  return pythonWith({ name: 'jax', packages: ['jax'], probe: 'import jax', timeout: 10 * 60_000 });
}

/** The backend on the CPU. */
export function createJax(options: object = {}, found: FoundPython = jaxPython): Promise<Backend> {
  if ('missing' in found) throw new Error(found.missing);
  return jaxBackend.create(jaxBackend.options.parse({ device: 'cpu', python: found.python, ...options }));
}
