import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'vitest';
import { latestCheckpoint } from '../../src/checkpoints/index.js';
import { isolatedHome, PACKAGE_ROOT } from '../support/pc.js';
import { pcProcess } from '../support/pc-process.js';
import { computedMetrics, tensorFiles, tinyProject } from './tiny-training.js';

/** Long enough for several kills, with checkpoints that overlap with training. */
const RUN = ['--steps', '60', '--set', 'checkpoint.every=2', '--set', 'checkpoint.keep=2'];

/** Starts the built `pc` in a directory; its output is kept. */
export function startPc(args: readonly string[], cwd: string): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [join(PACKAGE_ROOT, 'bin/run.js'), ...args], {
    cwd,
    env: { ...process.env, NODE_ENV: 'production', ...isolatedHome(join(cwd, 'home')) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  return { child, output: () => text };
}

/** Waits until something is so, or the process has ended. */
export async function until(isSo: () => boolean, { child }: ReturnType<typeof startPc>): Promise<void> {
  while (!isSo() && child.exitCode === null && child.signalCode === null)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Waits until the output says so, or the process has ended. */
export function untilSays(started: ReturnType<typeof startPc>, text: string): Promise<void> {
  return until(() => started.output().includes(text), started);
}

/**
 * Kills `pc train` at instants that differ from round to round, each time resumed from what is there, again and again
 * until the run ends; then its losses, parameters and moments must be those of a run that was never killed.
 */
export async function killWhileTraining(kills: number): Promise<void> {
  const project = tinyProject();
  expect(await pcProcess(['train', '--name', 'whole', ...RUN], { cwd: project })).toMatchObject({ status: 0 });
  let done = 0;
  for (let run = 0; done < kills; run++) {
    const name = `killed${run}`;
    for (let finished = false; !finished; ) {
      const resumes = (await latestCheckpoint(join(project, 'runs', name))) !== undefined;
      const started = startPc(['train', '--name', name, ...RUN, resumes ? '--resume' : '--force'], project);
      const closed = once(started.child, 'close') as Promise<[number | null]>;
      if (done < kills) {
        await untilSays(started, 'matrix products');
        await new Promise((resolve) => setTimeout(resolve, (done * 61.7) % 400));
        started.child.kill('SIGKILL');
      }
      const [status] = await closed;
      if (status === null) done++;
      else expect({ status, output: started.output() }).toMatchObject({ status: 0 });
      finished = status === 0;
    }
    expect(computedMetrics(project, name)).toEqual(computedMetrics(project, 'whole'));
    expect(await tensorFiles(project, name)).toEqual(await tensorFiles(project, 'whole'));
  }
}
