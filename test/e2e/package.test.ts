import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE_ROOT, pc } from '../support/pc.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string };

function npm(cwd: string, ...args: string[]): string {
  const env = { ...process.env, NODE_ENV: 'production', ONNXRUNTIME_NODE_INSTALL: 'skip' };
  return execFileSync('npm', args, {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
  });
}

interface Packed {
  filename: string;
  files: { path: string }[];
}

// The suite has built dist/ already, so the package's own scripts need not run.
function pack(destination: string): Packed {
  const output = npm(PACKAGE_ROOT, 'pack', '--ignore-scripts', '--json', '--pack-destination', destination);
  return (JSON.parse(output) as [Packed])[0];
}

/** A third party's plugin in TypeScript: its types come from the package, and nothing else does. */
const TYPED_PLUGIN = `
import type { Compressor, PluginOptions } from 'proxy-compression/plugin';

const identity: Compressor = {
  alphabetSize: 256,
  fingerprint: 'identity:1',
  encode: (bytes) => ({ symbols: Uint32Array.from(bytes) }),
  decode: ({ symbols }) => Uint8Array.from(symbols),
  field: { name: 'pc_identity', write: ({ symbols }) => symbols.join(' '), read: () => ({ symbols: new Uint32Array(0) }) },
};

export default ({ host }: PluginOptions) =>
  host.definePlugin({
    apiVersion: 1,
    name: 'typed',
    compressors: [
      {
        name: 'typed',
        summary: 'changes nothing',
        options: host.z.strictObject({ level: host.z.int().default(1) }),
        async create({ level }: { level: number }) {
          if (level > 9) throw new host.errors.CompressorError('level ' + level);
          return identity;
        },
      },
    ],
  });
`;

describe('the packed package', () => {
  it('installs into an empty prefix and works there', async () => {
    const home = temporaryDirectory();
    const { filename } = pack(home);
    writeFileSync(join(home, 'package.json'), '{ "private": true }\n');
    npm(home, 'install', '--no-audit', '--no-fund', '--prefer-offline', `./${filename}`);
    const installed = join(home, 'node_modules/proxy-compression');
    const binary = join(installed, 'bin/run.js');
    expect(existsSync(join(home, 'node_modules/.bin/pc'))).toBe(true);

    const help = await pc(['--version'], { cwd: home, binary });
    expect(help).toMatchObject({ status: 0, stdout: expect.stringContaining(`proxy-compression/${version}`) });

    const listed = await pc(['compressors', '--json'], { cwd: home, binary });
    expect(listed.status, listed.stderr).toBe(0);
    const { compressors } = JSON.parse(listed.stdout) as { compressors: { name: string; availability: object }[] };
    for (const name of ['gzip', 'bit', 'doublebit', 'halfbyte', 'doublebyte'])
      expect(compressors).toContainEqual(expect.objectContaining({ name, availability: { works: true } }));

    writeFileSync(join(home, 'plugin.mts'), TYPED_PLUGIN);
    const tsc = join(home, 'node_modules/typescript/bin/tsc');
    const check = [tsc, '--noEmit', '--strict', '--module', 'nodenext', '--skipLibCheck', 'plugin.mts'];
    expect(spawnSync(process.execPath, check, { cwd: home, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stdout: '',
    });
  }, 300_000);

  it('holds what runs and nothing else', () => {
    const home = temporaryDirectory();
    const paths = pack(home).files.map(({ path }) => path);
    for (const needed of [
      'LICENSE',
      'bin/run.js',
      'oclif.manifest.json',
      'dist/src/index.js',
      'dist/src/plugins/plugin-types.d.ts',
    ])
      expect(paths).toContain(needed);
    for (const preset of readdirSync(join(PACKAGE_ROOT, 'configs')))
      expect(paths.join('\n')).toContain(`configs/${preset}`);
    const allowed = /^(?:LICENSE|README\.md|package\.json|oclif\.manifest\.json|(?:bin|dist|configs|docs)\/.*)$/;
    expect(paths.filter((path) => !allowed.test(path))).toEqual([]);
    expect(paths.filter((path) => path.includes('tsbuildinfo'))).toEqual([]);
  });
});
