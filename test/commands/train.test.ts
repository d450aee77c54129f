import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pc } from '../support/pc.js';
import { tinyProject } from '../training/tiny-training.js';

describe('pc train', () => {
  it('starts from the newest checkpoint of a run that is named, and tells what is not there', async () => {
    const cwd = tinyProject();
    const resumed = await pc(['train', '--resume', '--name', 'none'], { cwd });
    expect(resumed.status).toBe(1);
    expect(resumed.stderr).toContain('there is no run none');
    expect(resumed.stderr).toContain('There are no runs in runs');

    expect(await pc(['train', '--steps', '2'], { cwd })).toMatchObject({ status: 0 });
    const again = await pc(['train', '--resume', '--name', 'none'], { cwd });
    expect(again.stderr).toContain('Name one of those in runs: default.');
    for (const flag of ['--from', '--resume-from'])
      expect((await pc(['train', '--name', 'new', flag, 'nope'], { cwd })).stderr).toContain(
        'there is no such path: nope',
      );
    expect(await pc(['train', '--name', 'new', '--from', 'runs/default', '--steps', '2'], { cwd })).toMatchObject({
      status: 0,
    });
    expect(readFileSync(join(cwd, 'runs/new/metrics.jsonl'), 'utf8')).toContain('"step":2');
  });

  it('goes on with a run whose settings the project no longer has', async () => {
    const cwd = tinyProject();
    expect(await pc(['train', '--name', 'a', '--steps', '2'], { cwd })).toMatchObject({ status: 0 });
    writeFileSync(join(cwd, 'pc.config.yaml'), 'optim: {}\n');
    expect(await pc(['train', '--resume', '--name', 'a', '--steps', '3'], { cwd })).toMatchObject({ status: 0 });
    expect(readFileSync(join(cwd, 'runs/a/metrics.jsonl'), 'utf8')).toContain('"step":3');
  });

  it('goes on from a checkpoint in no run with the run of its name, and writes nowhere else', async () => {
    const parent = tinyProject();
    const cwd = join(parent, 'project');
    mkdirSync(cwd);
    expect(await pc(['train', '--name', 'a', '--steps', '2'], { cwd: parent })).toMatchObject({ status: 0 });
    cpSync(join(parent, 'runs/a/checkpoints/0000000002'), join(cwd, 'copy'), { recursive: true });
    rmSync(join(parent, 'runs'), { recursive: true });
    const before = readdirSync(parent);
    const paths = [
      '--set',
      `data.root=${join(parent, 'data')}`,
      '--set',
      `data.validation=${join(parent, 'validation')}`,
    ];
    const resumed = await pc(['train', '--resume-from', 'copy', '--steps', '3', ...paths], { cwd });
    expect(resumed).toMatchObject({ status: 0 });
    expect(readdirSync(parent)).toEqual(before);
    expect(readFileSync(join(cwd, 'runs/a/metrics.jsonl'), 'utf8')).toContain('"step":3');
  });

  it('goes on from a checkpoint in its run, whatever run the project names, or from the newest of a run', async () => {
    const cwd = tinyProject();
    const lines = (run: string) =>
      readFileSync(join(cwd, run, 'metrics.jsonl'), 'utf8')
        .trimEnd()
        .split('\n').length;
    expect(await pc(['train', '--name', 'a', '--steps', '6'], { cwd })).toMatchObject({ status: 0 });
    expect(await pc(['train', '--resume-from', 'runs/a', '--steps', '9'], { cwd })).toMatchObject({ status: 0 });
    expect(lines('runs/a')).toBe(3);
    expect(existsSync(join(cwd, 'runs/default'))).toBe(false);

    const checkpoint = 'runs/a/checkpoints/0000000005';
    const elsewhere = await pc(['train', '--resume-from', checkpoint, '--name', 'b', '--force'], { cwd });
    expect(elsewhere.status).toBe(2);
    expect(elsewhere.stderr).toContain(`the checkpoint ${checkpoint} is not one of the run runs/b`);
    const again = await pc(['train', '--resume-from', checkpoint, '--name', 'a', '--force', '--steps', '6'], { cwd });
    expect(again).toMatchObject({ status: 0 });
    expect(lines('runs/a')).toBe(2);
  });

  it('says how it is used', async () => {
    const { stdout } = await pc(['train', '--help']);
    expect(stdout).toContain('$ pc train --resume-from CHECKPOINT [--force] [FLAGS]');
    expect(stdout).not.toMatch(/\| +\|/);
  });
});
