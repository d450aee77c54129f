import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { BackendError } from '../../src/support/errors.js';
import { packageRoot } from '../../src/support/package-root.js';
import type { EngineProcess } from './engine.js';
import type { JaxOptions } from './options.js';

/** The Python of a virtual environment. */
export function pythonIn(environment: string): string {
  return process.platform === 'win32' ? join(environment, 'Scripts', 'python.exe') : join(environment, 'bin', 'python');
}

/**
 * How the engine is started: by the Python that the options name, else that of `PC_JAX_PYTHON`, else the one of the
 * private environment.
 *
 * @param environment where `pc backends install jax` puts it, whether it did or not; null: nowhere
 * @throws BackendError('unavailable') if there is none
 */
export function engineProcess(
  options: Pick<JaxOptions, 'python' | 'device' | 'devices' | 'deterministic'>,
  environment: string | null,
): EngineProcess {
  const named = options.python ?? process.env.PC_JAX_PYTHON;
  const python = named ?? privatePython(environment);
  const inherited = named === undefined ? undefined : process.env.PYTHONPATH;
  const flags = [
    process.env.XLA_FLAGS,
    options.devices !== null && `--xla_force_host_platform_device_count=${options.devices}`,
    options.deterministic && '--xla_gpu_deterministic_ops=true',
  ];
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

function privatePython(environment: string | null): string {
  const python = environment === null ? null : pythonIn(environment);
  if (python !== null && existsSync(python)) return python;
  const how = '`pc backends install jax` makes one; PC_JAX_PYTHON names one that there is';
  throw new BackendError('unavailable', `there is no Python with jax: ${how}`);
}
