import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, recordsOf } from '../data/preprocess/temporary-preprocessed.js';
import { jsonl, numberedTexts, temporaryData } from '../data/temporary-data.js';
import { PACKAGE_ROOT, pc } from '../support/pc.js';
import { tinyProject } from '../training/tiny-training.js';

describe('pc preprocess', () => {
  it('needs no other flag in a project, and training and evaluation then read what it made', async () => {
    const cwd = tinyProject();
    const made = await pc(['preprocess', '--compressor', 'bit', '--verify', '--workers', '2'], { cwd });
    expect(made).toMatchObject({ status: 0 });
    expect(made.stdout).toMatch(/COMPRESSOR +FIELD +DOCUMENTS +BYTES +SYMBOLS +BYTES\/SYMBOL +MB\/s/);
    expect(made.stdout).toMatch(/^bit +pc_bit +\d+ +[\d,]+ +[\d,]+ +\d\.\d{3} +[\d.]+$/m);
    expect(made.stdout).toMatch(/^data\/preprocessed\/train: .* verified$/m);
    const set = ['--set', 'data.precomputed=require', '--steps', '2'];
    expect(await pc(['train', ...set], { cwd })).toMatchObject({ status: 0 });
    expect(await pc(['eval', 'bpb'], { cwd })).toMatchObject({ status: 0 });
  });

  it('refuses to train on codes of other options, and says how to go on', async () => {
    const cwd = tinyProject();
    const level = ['--set', 'compressors.gzip.level=1'];
    expect(await pc(['preprocess', '--compressor', 'gzip', ...level], { cwd })).toMatchObject({ status: 0 });
    const trained = await pc(['train', '--steps', '2', '--compressor', 'gzip'], { cwd });
    expect(trained.status).toBe(1);
    expect(trained.stderr).toMatch(/level=1, but the compressor is .*level=9/);
    expect(trained.stderr).toContain('data.precomputed');
  });

  it('works outside a project, on any folder, and prints its report as JSON', async () => {
    const cwd = temporaryData({ 'in/a.jsonl': jsonl(numberedTexts(20)) });
    const flags = ['--data', 'in', '-o', 'out', '--compressor', 'halfbyte,gzip', '--set', 'compressors.gzip.level=3'];
    const { status, stdout } = await pc(['preprocess', ...flags, '--json'], { cwd });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      datasets: [{ input: 'in', output: 'out', complete: true, written: 1, documents: 20 }],
      compressors: [{ name: 'halfbyte', bytesPerSymbol: 0.5 }, { name: 'gzip' }],
    });
    const [record] = recordsOf(readFileSync(join(cwd, 'out/a.jsonl'), 'utf8'));
    expect(Object.keys(record!)).toEqual(['text', 'pc_halfbyte', 'pc_gzip']);
  });

  it('shares the work among processes that run at once', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 6 }, (_, i) => [`in/${i}.jsonl`, jsonl(numberedTexts(20, `${i}`))]),
    );
    const cwd = temporaryData(files);
    const shared = ['preprocess', '--compressor', 'halfbyte', '--data', 'in', '--workers', '1', '--shard-count', '2'];
    const parts = await Promise.all(
      [0, 1].map((index) => pc([...shared, '-o', 'shared', '--shard-index', `${index}`], { cwd })),
    );
    expect(parts).toMatchObject([{ status: 0 }, { status: 0 }]);
    await pc(['preprocess', '--compressor', 'halfbyte', '--data', 'in', '-o', 'alone'], { cwd });
    expect(filesBelow(join(cwd, 'shared'))).toEqual(filesBelow(join(cwd, 'alone')));
  });

  it('leaves nothing under a final name on a full disk, and goes on when there is space', async () => {
    const text = Array.from({ length: 60_000 }, (_, i) => `word${i}`).join(' ');
    const cwd = temporaryData({ 'in/a.jsonl': jsonl(['small']), 'in/b.jsonl': jsonl([text]) });
    const command = [process.execPath, join(PACKAGE_ROOT, 'bin/run.js'), 'preprocess'];
    const flags = ['--compressor', 'halfbyte', '--data', 'in', '-o', 'out', '--workers', '1'];
    const limited = ['-c', 'ulimit -f 100; exec "$@"', 'bash', ...command, ...flags];
    const env = { ...process.env, NODE_ENV: 'production', PC_DATA_DIR: join(cwd, 'home') };
    const { status, stderr } = spawnSync('bash', limited, { cwd, env, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/cannot write out\/b\.jsonl: the file would exceed the limit/);
    expect(Object.keys(filesBelow(join(cwd, 'out'))).sort()).toEqual([
      'a.jsonl',
      'unfinished/plan.json',
      'unfinished/shards/a.jsonl.json',
    ]);
    const { stdout } = await pc(['preprocess', ...flags], { cwd });
    expect(stdout).toMatch(/1 shard written, 1 kept/);
  });

  it.each([
    [['--compressor', 'gzip,gzip'], /names gzip twice/],
    [['--compressor', 'gzp'], /no compressor is named "gzp"[\s\S]*"gzip"/],
    [['--compressor', 'gzip', '--set', 'compressors.bit.x=3'], /compressors.bit.x would be ignored/],
    [['--compressor', 'gzip', '--shard-index', '2', '--shard-count', '2'], /--shard-index 2 is not below/],
    [['--compressor', 'gzip', '-o', 'in'], /output in is an input/],
  ])('says what is wrong with %j', async (flags, message) => {
    const cwd = temporaryData({ 'in/a.jsonl': jsonl(['a']) });
    const { status, stderr } = await pc(['preprocess', '--data', 'in', ...flags], { cwd });
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(existsSync(join(cwd, 'preprocessed'))).toBe(false);
  });
});
