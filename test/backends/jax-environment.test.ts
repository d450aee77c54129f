import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { jaxBackend } from '../../backends/jax/index.js';
import { builtinRegistry } from '../../src/plugins/discovery.js';
import { BackendError, InterruptedError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let home: string;
let lines: string[];

beforeEach(() => {
  home = temporaryDirectory();
  lines = [];
  vi.stubEnv('PC_DATA_DIR', home);
  vi.stubEnv('PC_JAX_PYTHON', undefined);
});
afterEach(() => vi.unstubAllEnvs());

/** Puts a `python3` in the place of all others; what it does is told in shell, its environments have itself as Python. */
function pretendPython(version: string, pip: string): void {
  const directory = temporaryDirectory();
  mkdirSync(directory, { recursive: true });
  const script = join(directory, 'python3');
  writeFileSync(
    script,
    `#!/bin/sh
case "$*" in
  *version_info*) echo '${version}' ;;
  *'-m venv'*) /bin/mkdir -p "$3/bin" && /bin/cp "$0" "$3/bin/python" ;;
  *'-m pip'*) echo "$@" > "$(/usr/bin/dirname "$0")/asked"; ${pip} ;;
  *'import jax'*) echo 0.9.1 ;;
esac
`,
  );
  chmodSync(script, 0o755);
  vi.stubEnv('PATH', directory);
}

function install(name: string, signal?: AbortSignal): Promise<string> {
  const installer = builtinRegistry(home).installers.get(name)!;
  return installer.install({ log: (line) => lines.push(line), signal });
}

describe('the environment of the backend jax', () => {
  it('is made beside the plugins, with a version of jax that was tried', async () => {
    pretendPython('3 11', 'echo Collecting jax; echo Successfully installed jax');
    const environment = join(home, 'engines', 'jax');
    expect(await install('jax-cpu')).toBe(`jax 0.9.1 (cpu) is in ${environment}`);
    expect(lines.at(-1)).toBe('Successfully installed jax');
    expect(readFileSync(join(environment, 'bin', 'asked'), 'utf8')).toMatch(/^-m pip install .* jax>=\d.*,<\d/);
    await install('jax-cuda');
    expect(readFileSync(join(environment, 'bin', 'asked'), 'utf8')).toContain('jax[cuda12]>=');
  });

  it('is what the backend looks for, and says how to make', async () => {
    const [failure] = await Promise.allSettled([jaxBackend.devices()]);
    expect(failure).toMatchObject({
      reason: { failure: 'unavailable', message: expect.stringContaining('`pc backends install jax` makes one') },
    });
    pretendPython('3 11', ':');
    await install('jax');
    await expect(jaxBackend.devices()).rejects.toThrow(join(home, 'engines', 'jax', 'bin', 'python'));
  });

  it('leaves nothing behind where packages cannot be had, and says what pip said', async () => {
    pretendPython('3 11', 'echo "ERROR: No matching distribution found for jax" >&2; exit 1');
    const failure = await install('jax-cpu').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BackendError);
    expect(failure).toMatchObject({
      message: expect.stringMatching(/^installing jax>=.* failed: ERROR: No matching distribution found for jax$/),
      hint: expect.stringContaining('PIP_FIND_LINKS'),
    });
    expect(readdirSync(join(home, 'engines'))).toEqual([]);
  });

  it('needs a Python that is new enough', async () => {
    pretendPython('3 8', ':');
    await expect(install('jax')).rejects.toThrow(
      /no Python 3\.11 or newer that can make environments; python3 is 3\.8/,
    );
  });

  it('can be given up', async () => {
    pretendPython('3 11', 'exec /bin/sleep 60');
    const stop = new AbortController();
    const installing = install('jax-cpu', stop.signal);
    await vi.waitUntil(() => lines.some((line) => line.startsWith('installing')));
    stop.abort();
    await expect(installing).rejects.toThrow(InterruptedError);
    expect(readdirSync(join(home, 'engines'))).toEqual([]);
  });
});
