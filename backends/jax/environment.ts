import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { EngineInstaller, InstallContext } from '../../src/plugins/contracts.js';
import { installationStep } from '../../src/plugins/installation-step.js';
import { writeDirectoryAtomic } from '../../src/support/atomic-files.js';
import { dataDirectory } from '../../src/support/data-directory.js';
import { BackendError } from '../../src/support/errors.js';

/** Versions of jax that the interpreter runs on: the oldest and the newest that were tried. */
const JAX_VERSIONS = '>=0.7,<0.11';
/** What those versions need at least. */
const LEAST_PYTHON = [3, 11] as const;

const INDEX_HINT =
  'pip needs its index, or a copy of it: PIP_INDEX_URL, or PIP_NO_INDEX=1 with PIP_FIND_LINKS=DIR of wheels that were downloaded elsewhere.';

/** Which of jax's builds a machine needs; `auto` looks for a driver of NVIDIA. */
type Build = 'auto' | 'cpu' | 'cuda' | 'tpu';

const EXTRAS: Readonly<Record<Exclude<Build, 'auto'>, string>> = { cpu: '', cuda: '[cuda12]', tpu: '[tpu]' };

export const jaxInstallers: Readonly<Record<string, EngineInstaller>> = {
  jax: installer('auto', 'JAX in an environment of its own, for the devices of this machine'),
  'jax-cpu': installer('cpu', 'the same for the CPU alone'),
  'jax-cuda': installer('cuda', 'the same for GPUs of NVIDIA'),
  'jax-tpu': installer('tpu', 'the same for TPUs'),
};

/** The private environment, whether it is there or not. */
export function privateEnvironment(): string {
  return join(dataDirectory(), 'engines', 'jax');
}

/** The Python of a virtual environment. */
export function pythonIn(environment: string): string {
  return process.platform === 'win32' ? join(environment, 'Scripts', 'python.exe') : join(environment, 'bin', 'python');
}

function installer(build: Build, summary: string): EngineInstaller {
  return { summary, install: (context) => install(build, context) };
}

/** Makes the environment anew. It has its place only when jax in it can be imported. */
async function install(build: Build, { log, signal }: InstallContext): Promise<string> {
  const python = await basePython();
  const chosen = build === 'auto' ? (existsSync('/proc/driver/nvidia/version') ? 'cuda' : 'cpu') : build;
  const requirement = `jax${EXTRAS[chosen]}${JAX_VERSIONS}`;
  const directory = privateEnvironment();
  const step = (what: string, command: string, args: readonly string[], tell = log): Promise<string> =>
    installationStep(what, { command, args, hint: INDEX_HINT, log: tell, ...(signal && { signal }) });
  let version = '';
  await writeDirectoryAtomic(
    directory,
    async (temporary) => {
      log(`making an environment of ${python}`);
      await step('making an environment', python, ['-m', 'venv', temporary]);
      const own = pythonIn(temporary);
      log(`installing ${requirement}`);
      const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--progress-bar', 'off', requirement];
      await step(`installing ${requirement}`, own, pip);
      version = (await step('importing jax', own, ['-c', 'import jax; print(jax.__version__)'], () => {})).trim();
    },
    { replace: true },
  );
  return `jax ${version} (${chosen}) is in ${directory}`;
}

/** @throws BackendError if there is no Python that is new enough and can make environments */
async function basePython(): Promise<string> {
  const question = 'import sys, venv, ensurepip; print(*sys.version_info[:2])';
  const [major, minor] = LEAST_PYTHON;
  const found: string[] = [];
  for (const name of ['python3', 'python']) {
    const answer = await promisify(execFile)(name, ['-c', question]).then(
      ({ stdout }) => stdout.trim().split(' ').map(Number),
      () => null,
    );
    if (answer === null) continue;
    if (answer[0] === major && answer[1]! >= minor) return name;
    found.push(`${name} is ${answer.join('.')}`);
  }
  throw new BackendError(
    'unavailable',
    `there is no Python ${major}.${minor} or newer that can make environments${found.map((one) => `; ${one}`).join('')}`,
    { hint: 'Install one (on Debian: python3-venv), or have PC_JAX_PYTHON name a Python that has jax.' },
  );
}
