import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { saveTinyRun, TINY_CONFIG } from '../evaluation/tiny-run.js';
import { isolatedHome, PACKAGE_ROOT, pc } from '../support/pc.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** A project with a trained run and held-out text. */
async function project({ documents = 12 } = {}): Promise<string> {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'pc.config.yaml'), TINY_CONFIG);
  mkdirSync(join(cwd, 'validation'));
  const lines = Array.from({ length: documents }, (_, i) => JSON.stringify({ text: `document ${i} of ${documents}` }));
  writeFileSync(join(cwd, 'validation/a.jsonl'), `${lines.join('\n')}\n`);
  await saveTinyRun(join(cwd, 'runs/default'));
  return cwd;
}

const results = (directory: string) => JSON.parse(readFileSync(join(directory, 'val_results.json'), 'utf8'));

describe('pc eval bpb', () => {
  it('evaluates the newest checkpoint of the project as typed, and does not evaluate it over again', async () => {
    const cwd = await project();
    const first = await pc(['eval', 'bpb', '--raw-only'], { cwd });
    expect(first).toMatchObject({ status: 0, stderr: '' });
    const directory = join(cwd, 'runs/default/evaluations/0000000040-raw');
    expect(readdirSync(directory).sort()).toEqual(['bpb_documents.jsonl', 'val_results.json']);
    const { bits_per_byte, num_documents } = results(directory);
    expect(num_documents).toBe(12);
    expect(first.stdout).toContain(`bits per byte             ${bits_per_byte.toFixed(4)} (95 % interval`);
    const again = await pc(['eval', 'bpb', '--raw-only'], { cwd });
    expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining('--force') });
    const forced = await pc(['eval', 'bpb', '--raw-only', '--force', '--json'], { cwd });
    expect(JSON.parse(forced.stdout)).toMatchObject({
      bits_per_byte,
      directory: 'runs/default/evaluations/0000000040-raw',
    });
  });

  it('takes a checkpoint or a run with settings of its own, and flags that change them', async () => {
    const cwd = await project();
    writeFileSync(join(cwd, 'pc.config.yaml'), 'this: is not read\n');
    const flags = [
      '--context',
      '32',
      '--stride',
      '8',
      '--no-doc-mask',
      '--batch-size',
      '2',
      '--bootstrap',
      '20',
      '--json',
    ];
    const { status, stdout } = await pc(['eval', 'bpb', 'runs/default', '-o', 'here', ...flags], { cwd });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      interval: { samples: 20 },
      conditions: { context: 32, stride: 8, document_mask: false, representation: { mode: 'sentinel', rate: 0.5 } },
    });
    expect(existsSync(join(cwd, 'here/val_results.json'))).toBe(true);
  });

  it('compares two checkpoints, and results that exist', async () => {
    const cwd = await project();
    await saveTinyRun(join(cwd, 'runs/other'), { seed: 2, step: 50 });
    const both = await pc(['eval', 'bpb', '--compare', 'runs/default', 'runs/other', '--raw-only'], { cwd });
    expect(both).toMatchObject({ status: 0, stderr: '' });
    expect(both.stdout).toMatch(/A − B: [+-]?\d\.\d{4} bits per byte \(95 % interval/);
    expect(both.stdout).toContain('steps: 40 and 50');
    const first = statSync(join(cwd, 'runs/default/evaluations/0000000040-raw')).ino;
    const repeated = await pc(['eval', 'bpb', '--compare', 'runs/default', 'runs/other', '--raw-only'], { cwd });
    expect(repeated).toMatchObject({ status: 0, stderr: '' });
    expect(repeated.stdout).not.toContain('Evaluating');
    expect(statSync(join(cwd, 'runs/default/evaluations/0000000040-raw')).ino).toBe(first);

    const file = join(cwd, 'runs/default/evaluations/0000000040-raw/val_results.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"stride": 16', '"stride": 3'));
    const measured = await pc(['eval', 'bpb', '--compare', 'runs/default', 'runs/other', '--raw-only'], { cwd });
    expect(measured.status).toBe(0);
    expect(results(join(cwd, 'runs/default/evaluations/0000000040-raw-2')).conditions.stride).toBe(16);
    writeFileSync(file, text);

    const directories = ['runs/default/evaluations/0000000040-raw', 'runs/other/evaluations/0000000050-raw'];
    const again = await pc(['eval', 'bpb', '--compare', ...directories, '--json', '-o', 'comparison.json'], { cwd });
    const comparison = JSON.parse(again.stdout);
    const [a, b] = directories.map((directory) => results(join(cwd, directory)).bits_per_byte);
    expect(comparison.difference).toBeCloseTo(a - b, 9);
    expect(JSON.parse(readFileSync(join(cwd, 'comparison.json'), 'utf8'))).toEqual(comparison);
  });

  it('says which runs there are where the project chooses no model', async () => {
    const cwd = temporaryDirectory();
    const alone = await pc(['eval', 'bpb'], { cwd });
    expect(alone).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Name a checkpoint or a run, or run `pc init`'),
    });
    for (const name of ['one', 'two']) {
      mkdirSync(join(cwd, 'runs', name), { recursive: true });
      writeFileSync(join(cwd, 'runs', name, 'config.yaml'), TINY_CONFIG);
    }
    const { status, stderr } = await pc(['eval', 'bpb'], { cwd });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: [
        'Error: which checkpoint? No project here says which run is meant: model.architecture is not set',
        '  at field model.architecture',
        '  Name a checkpoint, or one of the runs here: runs/one, runs/two.',
        '',
      ].join('\n'),
    });
  });

  it.each([
    ['without a run', ['eval', 'bpb', '--name', 'none'], 1, /the run runs\/none has no checkpoint/],
    ['for a path that is no checkpoint', ['eval', 'bpb', 'validation'], 1, /not a complete checkpoint/],
    ['for a context the model cannot read', ['eval', 'bpb', '--context', '20'], 2, /multiple of/],
    ['for a stride beyond the context', ['eval', 'bpb', '--stride', '17'], 2, /would skip text/],
    ['for a setting of training', ['eval', 'bpb', '--set', 'model.layers=2'], 2, /model\.layers would be ignored/],
    ['for one checkpoint to compare', ['eval', 'bpb', '--compare', 'runs/default'], 2, /needs two/],
    ['for two without a comparison', ['eval', 'bpb', 'runs/default', 'runs/default'], 2, /Add --compare/],
    ['for data that is not there', ['eval', 'bpb', '--data', 'nowhere'], 1, /data cannot be read/],
  ])('fails %s, and leaves nothing', async (_, args, status, message) => {
    const cwd = await project();
    const result = await pc(args, { cwd });
    expect(result.stderr).toMatch(message);
    expect(result.stderr).not.toMatch(/\n\s+at .*\.js/);
    expect(result.status).toBe(status);
    expect(readdirSync(join(cwd, 'runs/default'))).toEqual(['checkpoints']);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGKILL', null],
  ] as const)('goes on when %s stopped it, as if it had not been', async (signal, expected) => {
    const cwd = await project({ documents: 4000 });
    const asked = ['eval', 'bpb', '--raw-only', '--bootstrap', '10'];
    const child = spawn(process.execPath, [join(PACKAGE_ROOT, 'bin/run.js'), ...asked], {
      cwd,
      env: { ...process.env, NODE_ENV: 'production', ...isolatedHome() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const directory = join(cwd, 'runs/default/evaluations/0000000040-raw');
    const scores = `${directory}.unfinished/scores.bin`;
    const waiting = setInterval(() => {
      if (!existsSync(scores) || statSync(scores).size < 20_000) return;
      clearInterval(waiting);
      child.kill(signal);
    }, 5);
    const [status] = (await once(child, 'close')) as [number | null];
    expect(status).toBe(expected);

    const { status: done, stderr } = await pc(asked, { cwd });
    expect(done).toBe(0);
    expect(stderr).toMatch(/^Going on with an evaluation that was interrupted after \d+ windows\.$/m);
    await pc([...asked, '-o', 'whole'], { cwd });
    for (const file of ['val_results.json', 'bpb_documents.jsonl'])
      expect(readFileSync(join(directory, file), 'utf8')).toBe(readFileSync(join(cwd, 'whole', file), 'utf8'));
    expect(readdirSync(join(cwd, 'runs/default/evaluations'))).toEqual(['0000000040-raw']);
  });
});
