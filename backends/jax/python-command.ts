import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { BackendError } from '../../src/support/errors.js';
import { packageRoot } from '../../src/support/package-root.js';
import type { EngineProcess } from './engine.js';
import { privateEnvironment, pythonIn } from './environment.js';
import type { JaxOptions } from './options.js';

/**
 * How the engine is started: by the Python that the options name, else that of `PC_JAX_PYTHON`, else the one of the
 * private environment.
 *
 * @throws BackendError('unavailable') if there is none
 */
export function engineProcess(options: Pick<JaxOptions, 'python' | 'deterministic'>): EngineProcess {
  const named = options.python ?? process.env.PC_JAX_PYTHON;
  const python = named ?? privatePython();
  const inherited = named === undefined ? undefined : process.env.PYTHONPATH;
  const flags = [process.env.XLA_FLAGS, options.deterministic && '--xla_gpu_deterministic_ops=true'];
  return {
    python,
    arguments: ['-m', 'pc_jax', 'serve'],
    environment: {
      ...process.env,
      PYTHONPATH: [join(packageRoot(), 'backends', 'jax', 'python'), inherited].filter(Boolean).join(delimiter),
      PYTHONUNBUFFERED: '1',
      XLA_FLAGS: flags.filter(Boolean).join(' '),
    },
  };
}

/** Of `pc backends install jax`. */
function privatePython(): string {
  const python = pythonIn(privateEnvironment());
  if (existsSync(python)) return python;
  const how = '`pc backends install jax` makes one; PC_JAX_PYTHON names one that there is';
  throw new BackendError('unavailable', `there is no Python with jax: ${how}`);
}
