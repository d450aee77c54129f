import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listCheckpoints } from '../../src/checkpoints/index.js';
import { acquireLock } from '../../src/support/directory-lock.js';
import { isolatedHome, PACKAGE_ROOT, pc } from '../support/pc.js';
import { tinyProject } from '../training/tiny-training.js';

describe('pc train on bad input', () => {
  it('names the line of a typo in the configuration, and the right name', async () => {
    const cwd = tinyProject();
    writeFileSync(join(cwd, 'more.yaml'), '# more\noptim:\n  learningRat: 3e-3\n');
    const { status, stderr } = await pc(['train', '--config', 'more.yaml'], { cwd });
    expect(status).toBe(2);
    expect(stderr).toContain('more.yaml:3 (field optim.learningRat)');
    expect(stderr).toContain('learningRate');
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(existsSync(join(cwd, 'runs'))).toBe(false);
  });

  it('names file and line of a malformed record, and passes over it when told to', async () => {
    const cwd = tinyProject();
    const file = join(cwd, 'data/train/source.chunk.00001.jsonl');
    writeFileSync(file, `{"text": \n${readFileSync(file, 'utf8')}`);
    const { status, stderr } = await pc(['train'], { cwd });
    expect(status).toBe(1);
    expect(stderr).toContain('data/train/source.chunk.00001.jsonl:1');
    const skipping = await pc(['train', '--force', '--set', 'data.onBadRecord=skip'], { cwd });
    expect(skipping.status).toBe(0);
  });

  it('says what to do where there is no data', async () => {
    const cwd = tinyProject();
    const { status, stderr } = await pc(['train', '--set', 'data.sources={nowhere: 1}'], { cwd });
    expect(status).toBe(1);
    expect(stderr).toContain('nowhere');
  });
});

describe('pc train where it cannot write', () => {
  it('fails by name, before it trains, where the place of the run is no directory', async () => {
    const cwd = tinyProject();
    writeFileSync(join(cwd, 'runs'), 'a file');
    const { status, stderr } = await pc(['train'], { cwd });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Error: cannot write runs\/default\/lock\.json: a part of the path is a file/m);
  });

  it('fails by name on a read-only file system', async () => {
    const cwd = tinyProject();
    // /proc is one that nobody can make directories in, root included.
    const { status, stderr } = await pc(['train', '-o', '/proc/pc-run'], { cwd });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Error: cannot write \/proc\/pc-run/m);
  });

  it('fails by name when the disk is full, and leaves no broken checkpoint', async () => {
    const cwd = tinyProject();
    const train = [process.execPath, join(PACKAGE_ROOT, 'bin/run.js'), 'train', '--set', 'model.hiddenSize=64'];
    // Files of at most 64 kB: configuration and metrics fit, tensors do not.
    const { status, stderr } = spawnSync('bash', ['-c', 'ulimit -f 64; exec "$@"', 'bash', ...train], {
      cwd,
      env: { ...process.env, NODE_ENV: 'production', ...isolatedHome(join(cwd, 'home')) },
      encoding: 'utf8',
    });
    expect({ status, stderr }).toMatchObject({ status: 1 });
    expect(stderr).toMatch(/would exceed the limit on file sizes/);
    const run = join(cwd, 'runs/default');
    expect(await listCheckpoints(run)).toEqual([]);
    const checkpoints = join(run, 'checkpoints');
    expect(existsSync(checkpoints) ? readdirSync(checkpoints) : []).toEqual([]);
  });

  it('refuses a directory that another run is working in', async () => {
    const cwd = tinyProject();
    const lock = await acquireLock(join(cwd, 'runs/default'));
    const { status, stderr } = await pc(['train'], { cwd });
    await lock.release();
    expect(status).toBe(1);
    expect(stderr).toContain(`in use by process ${process.pid}`);
  });
});
