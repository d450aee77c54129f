import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConfigRequest, loadConfig, loadConfigFile } from '../../src/config/load.js';
import { serialiseConfig } from '../../src/config/serialise.js';
import { ConfigError, PcError, UsageError } from '../../src/support/errors.js';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'pc-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const write = (name: string, text: string): void => writeFileSync(join(cwd, name), text);
const load = (request: Partial<ConfigRequest> = {}) => loadConfig({ cwd, presets: ['evabyte-1m'], ...request });

async function problem(promise: Promise<unknown>): Promise<PcError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PcError) return error;
  throw new Error(`expected a typed error, got ${String(error)}`);
}

describe('the order of sources', () => {
  it('uses the defaults of the schema where nothing else is said', async () => {
    const { config, origins } = await load();
    expect(config.seed).toBe(42);
    expect(origins.get('seed')).toMatchObject({ label: 'default', rank: 0 });
  });

  it('lets presets override defaults, the project file presets, --config the project file, --set all files', async () => {
    write('pc.config.yaml', 'extends: evabyte-3m\nseed: 1\nsteps: 2\nbatch:\n  size: 16\n');
    write('other.yaml', 'steps: 3\nbatch: { size: 32 }\n');
    const { config, origins } = await loadConfig({ cwd, file: 'other.yaml', set: ['batch.size=64'] });
    expect(config.model).toMatchObject({ hiddenSize: 256 });
    expect([config.seed, config.steps, config.batch.size]).toEqual([1, 3, 64]);
    expect(origins.get('model.hiddenSize')?.label).toBe('preset evabyte-3m');
    expect(origins.get('seed')).toMatchObject({ label: 'pc.config.yaml:2', line: 2 });
    expect(origins.get('steps')?.label).toBe('other.yaml:1');
    expect(origins.get('batch.size')?.label).toBe('--set');
  });

  it('applies presets of one list in their order', async () => {
    const { config } = await load({ presets: ['evabyte-3m', 'gzip-proxy', 'evabyte-1m'] });
    expect(config.model).toMatchObject({ hiddenSize: 128, predictionHeads: 1 });
    expect(config.vocabulary.separateEmbedding).toBe(true);
  });

  it('names the flag that gave a value', async () => {
    const flags = [{ flag: '--steps', path: ['steps'], value: 7 }];
    const { config, origins } = await load({ flags });
    expect(config.steps).toBe(7);
    expect(origins.get('steps')?.label).toBe('--steps');
  });

  it('replaces data.sources as a whole', async () => {
    write('pc.config.yaml', 'data:\n  sources:\n    github: 3\n    books: 1\n');
    expect((await load()).config.data.sources).toEqual({ github: 3, books: 1 });
    expect((await load({ set: ['data.sources.code=1', 'data.sources.text=2'] })).config.data.sources).toEqual({
      code: 1,
      text: 2,
    });
  });

  it('starts the model afresh where a later source chooses another architecture', async () => {
    const { config } = await load({ set: ['model.architecture=opencoder'] });
    expect(config.model).toMatchObject({ architecture: 'opencoder', hiddenSize: 512 });
  });

  it('reads JSON, JavaScript and TypeScript project files', async () => {
    write('pc.config.json', '{\n  "steps": 11\n}');
    expect((await load()).origins.get('steps')?.label).toBe('pc.config.json:2');
    rmSync(join(cwd, 'pc.config.json'));
    write('pc.config.js', 'export default { steps: 3 * 4 };');
    write('package.json', '{"type":"module"}');
    expect((await load()).config.steps).toBe(12);
    rmSync(join(cwd, 'pc.config.js'));
    write('pc.config.ts', 'const steps: number = 13;\nexport default { steps };');
    const { config, origins } = await load();
    expect(config.steps).toBe(13);
    expect(origins.get('steps')?.label).toBe('pc.config.ts');
  });

  it('refuses two project files, of which one would be ignored', async () => {
    write('pc.config.yaml', 'steps: 1');
    write('pc.config.json', '{"steps": 2}');
    expect((await problem(load())).message).toContain('pc.config.yaml, pc.config.json');
  });

  it('takes files by path in extends, relative to the file that names them', async () => {
    write('base.yaml', 'extends: evabyte-1m\nsteps: 5\n');
    write('pc.config.yaml', 'extends: ./base.yaml\n');
    const { config, origins } = await loadConfig({ cwd });
    expect(config.steps).toBe(5);
    expect(origins.get('steps')?.label).toBe('./base.yaml:2');
  });

  it('finds circles in extends', async () => {
    write('a.yaml', 'extends: ./b.yaml');
    write('b.yaml', 'extends: ./a.yaml');
    expect((await problem(loadConfig({ cwd, file: 'a.yaml' }))).message).toContain('a circle');
  });
});

describe('values', () => {
  it.each([
    ['optim.learningRate=9e-4', 9e-4],
    ['optim.learningRate=1.2e-3', 1.2e-3],
    ['optim.epsilon=1e-15', 1e-15],
    ['steps=60_000', 60_000],
    ['seed=0', 0],
    ['logging.tensorboard=True', true],
    ['data.validation=null', null],
    ['output="60_000"', '60_000'],
    ['output=a: b: c', 'a: b: c'],
  ])('reads --set %s', async (assignment, expected) => {
    const { config } = await load({ set: [assignment, 'validation.every=null'] });
    const path = assignment.slice(0, assignment.indexOf('=')).split('.');
    expect(path.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], config)).toBe(expected);
  });

  it('reads the same numbers in files', async () => {
    write('pc.config.yaml', 'steps: 60_000\noptim:\n  learningRate: 9e-4\n  epsilon: 1e-15\n');
    const { config } = await load();
    expect([config.steps, config.optim.learningRate, config.optim.epsilon]).toEqual([60_000, 9e-4, 1e-15]);
  });

  it('reads a mapping after --set', async () => {
    const { config } = await load({ set: ['data.sources={a: 1, b: 2}'] });
    expect(config.data.sources).toEqual({ a: 1, b: 2 });
  });

  it('keeps source names that contain dots', async () => {
    write('pc.config.yaml', 'data:\n  sources:\n    v1.2: 1\n');
    expect((await load()).config.data.sources).toEqual({ 'v1.2': 1 });
  });
});

describe('errors', () => {
  it('name file, line and field of an unknown setting, and the nearest name', async () => {
    write('pc.config.yaml', 'seed: 1\noptim:\n  learningrte: 1\n');
    const error = await problem(load());
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.location).toEqual({ file: 'pc.config.yaml', line: 3, field: 'optim.learningrte' });
    expect(error.hint).toBe('Did you mean optim.learningRate?');
  });

  it.each([
    ['modle.layers=3', 'Did you mean model?'],
    ['windowSize=128', 'Did you mean model.windowSize?'],
    ['optim.lr=0.1', 'Did you mean optim.learningRate?'],
    ['model.dimm=64', 'Did you mean model.hiddenSize?'],
    ['model.heads=2', 'Did you mean model.attentionHeads or model.predictionHeads or model.rawHeads?'],
    ['batch.batchSize=2', 'Did you mean batch.size?'],
    ['training.steps=3', 'Did you mean steps?'],
    [
      'batch.foo=1',
      'batch has: size, accumulation, rematerialise, sequenceLength. `pc configs show` lists every setting.',
    ],
    ['data.schedule.warmpu=3', 'Did you mean data.schedule.warmup?'],
  ])('suggest a setting for --set %s', async (assignment, hint) => {
    expect((await problem(load({ set: [assignment] }))).hint).toBe(hint);
  });

  it('suggest no setting of another architecture', async () => {
    const { hint } = await problem(load({ set: ['model.keyValueHeads=3'] }));
    expect(hint).toMatch(/^model has: architecture, hiddenSize, .*rawHeads, init\./);
  });

  it.each([
    ['steps=lots', 'steps: must be a number (it is "lots")'],
    ['steps=1.5', 'steps: must be a whole number (it is 1.5)'],
    ['data.rate=1.1', 'data.rate: must be at most 1 (it is 1.1)'],
    ['optim={learningRate: 0}', 'optim.learningRate: must be greater than 0 (it is 0)'],
    ['optim=3', 'optim: must be a mapping (it is 3)'],
    ['batch.accumulation=3', 'batch.accumulation: accumulation 3 must divide batch.size 8 (it is 3)'],
  ])('say what a value must be: %s', async (assignment, message) => {
    expect((await problem(load({ set: [assignment] }))).message).toBe(message);
  });

  it('promise of `pc configs show` only what it prints', async () => {
    const { hint } = await problem(load({ set: ['steps=lots'] }));
    expect(hint).toContain('each setting with its value and where it was written');
  });

  it('suggest the nearest of several choices', async () => {
    expect((await problem(load({ set: ['data.mix=sentinal'] }))).hint).toBe('Did you mean sentinel?');
    expect((await problem(load({ set: ['model.architecture=evabite'] }))).hint).toBe('Did you mean evabyte?');
  });

  it('name the missing parts of a schedule', async () => {
    const error = await problem(load({ set: ['data.schedule.warmup=3'] }));
    expect(error.message).toBe('data.schedule.steady is missing');
  });

  it('tell how to get a model', async () => {
    expect((await problem(loadConfig({ cwd }))).hint).toContain('pc init');
  });

  it('tell that a file is missing, empty, no mapping or no YAML', async () => {
    expect((await problem(load({ file: 'absent.yaml' }))).message).toContain('absent.yaml does not exist');
    write('empty.yaml', '');
    expect((await problem(load({ file: 'empty.yaml' }))).message).toContain('empty');
    write('list.yaml', '- 1\n');
    expect((await problem(load({ file: 'list.yaml' }))).message).toContain('must be a mapping');
    write('twice.yaml', 'seed: 1\nsteps: 2\nseed: 3\n');
    expect((await problem(load({ file: 'twice.yaml' }))).location).toEqual({ file: 'twice.yaml', line: 3 });
    write('broken.js', 'export default {');
    expect(await problem(load({ file: 'broken.js' }))).toBeInstanceOf(ConfigError);
  });

  it('suggest the nearest preset', async () => {
    write('pc.config.yaml', '\nextends: evabite-1m\n');
    const error = await problem(loadConfig({ cwd }));
    expect(error.location).toMatchObject({ file: 'pc.config.yaml', line: 2 });
    expect(error.hint).toBe('Did you mean evabyte-1m?');
  });

  it('refuse an assignment without a value and a setting given twice', async () => {
    expect(await problem(load({ set: ['steps'] }))).toBeInstanceOf(UsageError);
    expect(await problem(load({ set: ['=3'] }))).toBeInstanceOf(UsageError);
    expect(await problem(load({ set: ['steps=1', 'steps=2'] }))).toBeInstanceOf(UsageError);
    const flags = [{ flag: '--steps', path: ['steps'], value: 7 }];
    expect((await problem(load({ set: ['steps=1'], flags }))).hint).toBe('Keep either --set or --steps.');
  });
});

describe('a resolved configuration', () => {
  it.each([
    [['gzip-proxy-1m'], []],
    [['gzip-proxy-1b5-2m'], ['loss.multibyteMask=true', 'loss.weightCompressed=true']],
    [['opencoder-8b'], ['vocabulary.size=96640', 'backend.threads=1']],
    [
      ['evabyte-1m', 'bits'],
      ['data.sources={"on": 1, "3.5": 2, "60_000": 1}', 'output=~', 'name="1e5"'],
    ],
  ])('written as YAML loads back to itself: %s', async (presets, set) => {
    const { config, origins } = await loadConfig({ cwd, presets, set });
    write('config.yaml', serialiseConfig(config, origins));
    const again = await loadConfigFile(join(cwd, 'config.yaml'), cwd);
    expect(again.config).toEqual(config);
  });

  it('is not changed by a project file when it is loaded alone', async () => {
    const { config, origins } = await load();
    write('config.yaml', serialiseConfig(config, origins));
    write('pc.config.yaml', 'seed: 7\n');
    expect((await loadConfigFile('config.yaml', cwd)).config.seed).toBe(42);
  });

  it('tells in comments where its values came from', async () => {
    const { config, origins } = await load({ set: ['seed=5'] });
    const lines = serialiseConfig(config, origins).split('\n');
    expect(lines).toContain('seed: 5 # --set');
    expect(lines).toContain('  hiddenSize: 128 # preset evabyte-1m');
    expect(lines).toContain('  beta1: 0.9');
  });
});
