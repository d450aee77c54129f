import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isolatedHome, PACKAGE_ROOT, pc } from '../support/pc.js';
import { pcProcess } from '../support/pc-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

interface Listing {
  compressors: { name: string; origin: string; availability: { works: boolean } }[];
  problems: object[];
}

/** Links plugin packages into a fresh home, one after the other. */
async function homeWith(...folders: string[]): Promise<NodeJS.ProcessEnv> {
  const env = isolatedHome(temporaryDirectory());
  for (const folder of folders) {
    const { status, stderr } = await pcProcess(['plugins', 'link', join(PACKAGE_ROOT, folder), '--no-install'], {
      env,
    });
    expect(status, stderr).toBe(0);
  }
  return env;
}

describe('pc compressors', () => {
  it('lists the built-in ones, as lines or as JSON', async () => {
    const lines = await pc(['compressors']);
    expect(lines.status).toBe(0);
    expect(lines.stdout).toMatch(/^gzip +built-in +works +\S/m);
    expect(lines.stderr).toBe('');
    const json = JSON.parse((await pc(['compressors', '--json'])).stdout) as Listing;
    for (const name of ['gzip', 'bit', 'doublebit', 'halfbyte', 'doublebyte'])
      expect(json.compressors).toContainEqual(expect.objectContaining({ name, origin: 'built-in' }));
    expect(json.compressors.filter(({ availability }) => !availability.works)).toEqual([]);
    expect(json.problems).toEqual([]);
  });

  it('lists a linked third-party one, and shows its options', async () => {
    const env = await homeWith('examples/compressor-lzw');
    const { compressors } = JSON.parse((await pc(['compressors', '--json'], { env })).stdout) as Listing;
    expect(compressors).toContainEqual(
      expect.objectContaining({ name: 'lzw', origin: 'pc-compressor-lzw@1.0.0', availability: { works: true } }),
    );
    const shown = await pc(['compressors', 'show', 'lzw'], { env });
    expect(shown.stdout).toContain('pc-compressor-lzw@1.0.0');
    expect(shown.stdout).toMatch(/maxBits +integer, 9 to 16 +default 12/);
  });

  it('installs one from its package file', async () => {
    const home = temporaryDirectory();
    const env = isolatedHome(home);
    const pack = ['pack', '--json', '--pack-destination', home, join(PACKAGE_ROOT, 'examples/compressor-lzw')];
    const [{ filename }] = JSON.parse(
      execFileSync('npm', pack, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
    const missing = await pcProcess(['plugins', 'install', './nowhere.tgz'], { cwd: home, env });
    expect(missing).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('no such package file') });
    const installed = await pcProcess(['plugins', 'install', `./${filename}`], { cwd: home, env });
    expect(installed.status, installed.stderr).toBe(0);
    const { compressors } = JSON.parse((await pc(['compressors', '--json'], { env })).stdout) as Listing;
    expect(compressors.map(({ name }) => name)).toContain('lzw');
  });
});

describe('a wrong command line', () => {
  it('is refused with exit code 2 and a hint, on stderr', async () => {
    expect(await pc(['compressors', 'show', 'gzpi'])).toEqual({
      status: 2,
      stdout: '',
      stderr: 'Error: no compressor is named "gzpi"\n  Did you mean "gzip"? `pc compressors` lists them all.\n',
    });
    expect(await pc(['compressors', '--nonsense'])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('Nonexistent flag: --nonsense'),
    });
  });

  it('is one JSON object on stdout under --json', async () => {
    const { status, stdout, stderr } = await pc(['compressors', 'show', 'gzpi', '--json']);
    expect({ status, stderr }).toEqual({ status: 2, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'config', message: 'no compressor is named "gzpi"', location: {}, hint: expect.any(String) },
    });
  });

  it('has no stack trace, unless DEBUG=*', async () => {
    const command = ['compressors', 'show', 'gzpi'];
    const { stderr } = await pcProcess(command, { env: { ...isolatedHome(), DEBUG: '*' } });
    expect(stderr).toMatch(/^ +at .*registry\.js/m);
  });
});

describe('pc backends and pc doctor', () => {
  it('show the options of a backend, and how they are set', async () => {
    const { stdout } = await pc(['backends', 'show', 'jax']);
    expect(stdout).toMatch(/^ {2}device +auto \| cpu \| gpu \| tpu +default "auto"/m);
    expect(stdout).toContain('--set backend.OPTION=VALUE');
  });

  it('find a device of the default backend', async () => {
    const { backends } = JSON.parse((await pc(['backends', '--json'])).stdout) as {
      backends: { name: string; devices: { id: string }[] }[];
    };
    expect(backends.find(({ name }) => name === 'onnxruntime')?.devices.map(({ id }) => id)).toContain('cpu');
    const doctor = await pc(['doctor']);
    expect(doctor.status).toBe(0);
    expect(doctor.stdout).toMatch(/^ok +devices +.*cpu/m);
  });
});
