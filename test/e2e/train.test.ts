import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pc } from '../support/pc.js';
import { killWhileTraining, startPc, until } from '../training/killed-training.js';
import { computedMetrics, tensorFiles, tinyProject } from '../training/tiny-training.js';

describe('pc train', () => {
  it('trains as it is typed, and tells what came of it', async () => {
    const cwd = tinyProject();
    const { status, stdout } = await pc(['train', '--mix', 'sentinel', '--rate', '0.9'], { cwd });
    expect(status).toBe(0);
    expect(stdout).toMatch(/step 12 of 12 · loss [\d.]+ · [\d.]+ bits\/byte · .* left/);
    expect(stdout).toContain('Checkpoint: runs/default/checkpoints/0000000012');
    expect(readFileSync(join(cwd, 'runs/default/config.yaml'), 'utf8')).toContain('rate: 0.9 # --rate');
  });

  it('prints one object with --json', async () => {
    const { status, stdout } = await pc(['train', '--steps', '2', '--json'], { cwd: tinyProject() });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ step: 2, finished: true, totalSymbols: 2 * 4 * 32 });
  });

  it('writes event files, statistics and a profile on request', async () => {
    const cwd = tinyProject();
    const { status } = await pc(['train', '--tensorboard', '--probe', '5', '--profile'], { cwd });
    expect(status).toBe(0);
    for (const name of ['tensorboard', 'probe.jsonl', 'profile/step.json'])
      expect(existsSync(join(cwd, 'runs/default', name))).toBe(true);
  });

  it('stops cleanly on each signal that asks for it, and goes on as if it had not', async () => {
    const cwd = tinyProject();
    // A rate that does not depend on the number of steps, which is cut short below.
    const schedule = ['--set', 'optim.schedule=inv_sqrt'];
    const metrics = join(cwd, 'runs/default/metrics.jsonl');
    const sizeOfMetrics = () => (existsSync(metrics) ? statSync(metrics).size : 0);
    let stopped = 0;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGUSR2'] as const) {
      const begun = stopped > 0 ? ['--resume'] : ['--set', 'checkpoint.every=1000', ...schedule];
      const started = startPc(['train', '--steps', '3000', ...begun], cwd);
      const closed = once(started.child, 'close') as Promise<[number | null]>;
      // A run that is stopped before its first step has nothing to go on from.
      const before = sizeOfMetrics();
      await until(() => sizeOfMetrics() > before, started);
      started.child.kill(signal);
      expect(await closed).toEqual([130, null]);
      expect(started.output()).toMatch(/Error: stopped after step \d+; nothing is lost\n.*pc train --resume/);
      expect(existsSync(join(cwd, 'runs/default/lock.json'))).toBe(false);
      stopped = Number(/stopped after step (\d+)/.exec(started.output())![1]);
    }
    const steps = ['--steps', String(stopped + 4)];
    expect(await pc(['train', '--resume', ...steps], { cwd })).toMatchObject({ status: 0 });
    expect(await pc(['train', '--name', 'whole', ...steps, ...schedule], { cwd })).toMatchObject({ status: 0 });
    expect(computedMetrics(cwd, 'default')).toEqual(computedMetrics(cwd, 'whole'));
    expect(await tensorFiles(cwd, 'default')).toEqual(await tensorFiles(cwd, 'whole'));
  });

  it('killed three times at random instants ends as if it had not been', () => killWhileTraining(3));
});
