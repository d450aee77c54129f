import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { PreprocessReport } from '../../src/data/preprocess/options.js';
import type { BpbResults } from '../../src/evaluation/index.js';
import { type PackedPackage, packPackages, serveRegistry } from '../support/npm-registry.js';
import { isolatedHome, PACKAGE_ROOT, type PcResult } from '../support/pc.js';
import { pcProcess } from '../support/pc-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { tinyProject } from '../training/tiny-training.js';

const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string };

/** A prefix that holds nothing but the package and what it depends on. */
const prefix = mkdtempSync(join(tmpdir(), 'pc-test-'));
const binary = join(prefix, 'node_modules/proxy-compression/bin/run.js');
let packed: PackedPackage;

// The suite has built dist/ already, so the package's own scripts need not run. What `npm install` would fetch anew is
// linked from the checkout, the declared dependencies alone; the long tests install for real.
beforeAll(async () => {
  [packed] = (await packPackages([PACKAGE_ROOT], prefix)) as [PackedPackage];
  const modules = join(prefix, 'node_modules');
  const own = join(modules, 'proxy-compression');
  mkdirSync(own, { recursive: true });
  execFileSync('tar', ['-xzf', join(prefix, packed.filename), '-C', own, '--strip-components=1']);
  const manifest = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8')) as { dependencies: object };
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(PACKAGE_ROOT, 'node_modules', name), join(modules, name));
  }
});
afterAll(() => rmSync(prefix, { recursive: true, force: true }));

/** Time for a dozen runs of npm on a busy machine. */
const PATIENCE = 300_000;

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
  it('works in a prefix that has its dependencies and nothing else', async () => {
    const help = await pcProcess(['--version'], { cwd: prefix, binary });
    expect(help).toMatchObject({ status: 0, stdout: expect.stringContaining(`proxy-compression/${version}`) });

    const listed = await pcProcess(['compressors', '--json'], { cwd: prefix, binary });
    expect(listed.status, listed.stderr).toBe(0);
    const { compressors } = JSON.parse(listed.stdout) as { compressors: { name: string; availability: object }[] };
    for (const name of ['gzip', 'bit', 'doublebit', 'halfbyte', 'doublebyte'])
      expect(compressors).toContainEqual(expect.objectContaining({ name, availability: { works: true } }));
  });

  it('has the types that plugins need, in TypeScript and in JavaScript', () => {
    writeFileSync(join(prefix, 'plugin.mts'), TYPED_PLUGIN);
    cpSync(join(PACKAGE_ROOT, 'examples/compressor-lzw'), join(prefix, 'lzw'), { recursive: true });
    // As npm installs them too: a dependency of the package depends on them.
    mkdirSync(join(prefix, 'node_modules/@types'));
    symlinkSync(join(PACKAGE_ROOT, 'node_modules/@types/node'), join(prefix, 'node_modules/@types/node'));
    const tsc = join(prefix, 'node_modules/typescript/bin/tsc');
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--allowJs', '--checkJs', '--skipLibCheck'];
    const check = [tsc, ...options, 'plugin.mts', 'lzw/index.js'];
    expect(spawnSync(process.execPath, check, { cwd: prefix, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stdout: '',
    });
  });

  it('holds what runs and nothing else', () => {
    const paths = packed.files.map(({ path }) => path);
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
    const allowed =
      /^(?:LICENSE|README\.md|package\.json|oclif\.manifest\.json|(?:bin|dist|configs|artifacts|docs)\/.*|backends\/(?:jax|tfjs)\/python\/.*\.py)$/;
    expect(paths.filter((path) => !allowed.test(path))).toEqual([]);
    expect(paths.filter((path) => path.includes('tsbuildinfo'))).toEqual([]);
  });
});

/** The installed `pc` of somebody who has no plugins, and knows a registry that has these packages alone. */
async function userWithRegistry(...folders: string[]): Promise<(args: string[], cwd?: string) => Promise<PcResult>> {
  const home = temporaryDirectory();
  const registry = await serveRegistry(
    folders.map((folder) => join(PACKAGE_ROOT, folder)),
    home,
  );
  onTestFinished(() => registry.close());
  const env = { ...isolatedHome(home), ...registry.env, NO_COLOR: '1' };
  return (args, cwd = home) => pcProcess(args, { cwd, env, binary });
}

/** What a command prints under `--json`. */
function json<Result>({ status, stdout, stderr }: PcResult): Result {
  expect(status, `${stdout}${stderr}`).toBe(0);
  return JSON.parse(stdout) as Result;
}

describe('a plugin of a third party', { timeout: PATIENCE }, () => {
  it('is installed from a registry, preprocesses, trains, evaluates, and is uninstalled', async () => {
    const run = await userWithRegistry('examples/compressor-lzw');
    const installed = await run(['plugins', 'install', 'pc-compressor-lzw']);
    expect(installed.status, installed.stderr).toBe(0);
    expect(installed.stdout).toContain('pc-compressor-lzw@1.0.0 gives compressor lzw\n');
    expect((await run(['plugins'])).stdout).toBe(
      'pc-compressor-lzw 1.0.0\npc-compressor-lzw@1.0.0 gives compressor lzw\n',
    );

    const data = {
      compressor: 'lzw',
      mix: 'sentinel',
      rate: 0.5,
      precomputed: 'require',
      validation: 'data/validation',
    };
    const project = tinyProject({ data, compressors: { lzw: { maxBits: 10 } } });
    const report = json<PreprocessReport>(
      await run(['preprocess', '--compressor', 'lzw', '--verify', '--json'], project),
    );
    expect(report.datasets.map(({ documents, verified }) => ({ documents, verified }))).toEqual([
      { documents: 120, verified: true },
      { documents: 6, verified: true },
    ]);
    expect(report.compressors).toEqual([expect.objectContaining({ name: 'lzw' })]);

    expect(json(await run(['train', '--json'], project))).toMatchObject({ step: 12, finished: true });
    const raw = json<BpbResults>(await run(['eval', 'bpb', '--raw-only', '--json'], project));
    expect(raw.conditions.representation).toMatchObject({ raw_only: true });
    const trained = json<BpbResults>(await run(['eval', 'bpb', '--json'], project));
    expect(trained.conditions.representation).toMatchObject({
      raw_only: false,
      compressor: 'lzw:1:maxBits=10:whenFull=reset',
    });
    // Both score all the bytes; strings that came before take fewer symbols.
    expect(trained.num_bytes).toBe(raw.num_bytes);
    expect(trained.num_tokens).toBeLessThan(raw.num_tokens);

    const uninstalled = await run(['plugins', 'uninstall', 'pc-compressor-lzw']);
    expect(uninstalled.status, uninstalled.stderr).toBe(0);
    expect((await run(['plugins'])).stdout).toBe('No plugins installed.\n');
    expect(await run(['train', '--name', 'again'], project)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Error: no compressor is named "lzw"'),
    });
  });

  it('brings a backend, which is chosen by its name', async () => {
    const run = await userWithRegistry('examples/backend-reference');
    const installed = await run(['plugins', 'install', 'pc-backend-reference']);
    expect(installed.stdout).toContain('pc-backend-reference@1.0.0 gives backend reference\n');
    const { backends } = json<{ backends: { name: string; origin: string; availability: object }[] }>(
      await run(['backends', '--json']),
    );
    expect(backends).toContainEqual(
      expect.objectContaining({
        name: 'reference',
        origin: 'pc-backend-reference@1.0.0',
        availability: expect.objectContaining({ works: true }),
      }),
    );
    // A model that a tenth of a second a step suffices for.
    const model = {
      architecture: 'opencoder',
      hiddenSize: 16,
      intermediateSize: 16,
      layers: 1,
      attentionHeads: 1,
      keyValueHeads: 1,
    };
    const project = tinyProject({
      model,
      steps: 2,
      batch: { size: 1, accumulation: 1, sequenceLength: 16 },
      validation: { every: null },
      backend: { name: 'reference' },
    });
    expect(json(await run(['train', '--json'], project))).toMatchObject({
      step: 2,
      finished: true,
    });
  });

  it('that throws, is too new, clashes or hangs is named with the reason, and harms nothing', async () => {
    // The time limit passes in another home, meanwhile.
    const hanging = userWithRegistry('test/fixtures/plugins/lingers').then(async (run) => {
      const installed = await run(['plugins', 'install', 'pc-plugin-lingers']);
      const uninstalled = await run(['plugins', 'uninstall', 'pc-plugin-lingers']);
      return { installed, uninstalled, listed: await run(['compressors']) };
    });

    const broken = ['another-lzw', 'clashes', 'newer', 'throws', 'throws-loading'];
    const run = await userWithRegistry(
      'examples/compressor-lzw',
      ...broken.map((name) => `test/fixtures/plugins/${name}`),
    );
    const names = ['pc-another-lzw', ...broken.slice(1).map((name) => `pc-plugin-${name}`)];
    const installed = await run(['plugins', 'install', 'pc-compressor-lzw', ...names]);
    expect(installed).toMatchObject({ status: 0, stdout: expect.stringContaining('pc-compressor-lzw@1.0.0 gives') });
    const reasons = {
      'pc-another-lzw@1.2.3': 'the compressor "lzw" is already defined by pc-compressor-lzw@1.0.0',
      'pc-plugin-clashes@1.2.3': 'the compressor "gzip" is already defined by built-in',
      'pc-plugin-newer@1.2.3': 'needs plugin API 2, but this version of pc has 1',
      'pc-plugin-throws@1.2.3': 'the moon is in the wrong phase',
      'pc-plugin-throws-loading@1.2.3': 'the stars are not right',
    };
    for (const [plugin, reason] of Object.entries(reasons))
      expect(installed.stderr).toContain(`Warning: the plugin ${plugin} is left out: ${reason}\n`);

    const { compressors, problems } = json<{
      compressors: { name: string; origin: string; availability: object }[];
      problems: { plugin: string; reason: string }[];
    }>(await run(['compressors', '--json']));
    expect(Object.fromEntries(problems.map(({ plugin, reason }) => [plugin, reason]))).toEqual(reasons);
    expect(compressors).toContainEqual(
      expect.objectContaining({ name: 'lzw', origin: 'pc-compressor-lzw@1.0.0', availability: { works: true } }),
    );
    expect(compressors).toContainEqual(
      expect.objectContaining({ name: 'gzip', origin: 'built-in', availability: { works: true } }),
    );
    expect(compressors.map(({ name }) => name)).not.toContain('unheard-of');

    expect(await run(['plugins', 'uninstall', ...names])).toMatchObject({ status: 0 });
    expect(await run(['compressors'])).toMatchObject({ status: 0, stderr: '' });

    const { installed: slow, uninstalled, listed } = await hanging;
    expect(slow).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('the plugin pc-plugin-lingers@1.2.3 is left out: did not answer within 10 s\n'),
    });
    expect(uninstalled).toMatchObject({ status: 0 });
    expect(listed).toMatchObject({ status: 0, stderr: '' });
  });
});
