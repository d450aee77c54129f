import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { latestCheckpoint, openCheckpoint } from '../../../src/checkpoints/index.js';
import { installedJax } from '../../backends/jax-python.js';
import { largestGap } from '../../backends/training-curve.js';
import { metricsOf, tinyProject, trainTiny } from '../../training/tiny-training.js';

const jaxPython = await installedJax();
if ('missing' in jaxPython) console.log(`several processes of jax are not tested: ${jaxPython.missing}`);
const python = 'python' in jaxPython ? jaxPython.python : '';
const PC = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));

interface Result {
  status: number | null;
  stderr: string;
}

interface Member {
  child: ChildProcess;
  ended: Promise<Result>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** `pc train` as so many processes, as a launcher would start them. */
async function launch(project: string, world: number, args: readonly string[]): Promise<Member[]> {
  const port = await freePort();
  return Array.from({ length: world }, (_, rank) => {
    const environment = { MASTER_ADDR: '127.0.0.1', MASTER_PORT: `${port}`, WORLD_SIZE: `${world}`, RANK: `${rank}` };
    const child = spawn(process.execPath, [PC, 'train', ...args], {
      cwd: project,
      env: { ...process.env, PC_HEARTBEAT_SECONDS: '10', PC_DATA_DIR: join(project, 'home'), ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr!.on('data', (piece: Buffer) => {
      stderr += piece.toString();
    });
    return { child, ended: once(child, 'close').then(([status]) => ({ status: status as number | null, stderr })) };
  });
}

describe.skipIf('missing' in jaxPython)('processes that train together', () => {
  const common = ['--set', 'batch.size=8', '--set', 'logging.every=1', '--set', 'optim.learningRate=1e-3'];
  let project: string;
  const figures = (name: string, figure: string) =>
    metricsOf(project, name).flatMap((line) => (figure in line ? [line[figure]!] : []));
  const losses = (name: string) => figures(name, 'loss');
  const finished = async (members: readonly Member[]) => {
    for (const { status, stderr } of await Promise.all(members.map(({ ended }) => ended)))
      expect(status, stderr).toBe(0);
  };
  /** When the run has written a line of this step. */
  const reached = async (name: string, step: number) => {
    for (;;) {
      const lines = await Promise.resolve()
        .then(() => metricsOf(project, name))
        .catch(() => []);
      if (lines.length >= step) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  beforeAll(async () => {
    const backend = { name: 'jax', device: 'cpu', python, devices: 4 };
    project = tinyProject({ backend }, mkdtempSync(join(tmpdir(), 'pc-test-')));
    const set = ['batch.size=8', 'logging.every=1', 'optim.learningRate=1e-3', 'validation.every=6'];
    await trainTiny(project, { name: 'alone', set });
  }, 10 * 60_000);
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  it.each([2, 4])('compute what one computes, and save their parts of one checkpoint: %i', async (world) => {
    const name = `world-${world}`;
    await finished(await launch(project, world, ['--name', name, ...common, '--set', 'validation.every=6']));
    for (const figure of ['loss', 'grad_norm', 'validation_loss'])
      expect(largestGap(figures(name, figure), figures('alone', figure))).toBeLessThan(1e-5);
    const [own, alone] = await Promise.all(
      [name, 'alone'].map(async (run) => openCheckpoint((await latestCheckpoint(join(project, 'runs', run)))!.path)),
    );
    expect(own!.specs).toEqual(alone!.specs);
    const environment = JSON.parse(readFileSync(join(project, 'runs', name, 'environment.json'), 'utf8'));
    expect(environment.devices).toHaveLength(4);
  });

  it('compute rows that their devices cannot divide as one process does', async () => {
    const set = ['batch.size=2', 'logging.every=1', 'optim.learningRate=1e-3'];
    await trainTiny(project, { name: 'few-rows', set });
    const args = set.flatMap((setting) => ['--set', setting]);
    await finished(await launch(project, 2, ['--name', 'few-rows-of-two', ...args]));
    expect(largestGap(losses('few-rows-of-two'), losses('few-rows'))).toBeLessThan(1e-5);
  });

  it('all stop at the same step when one of them is asked to, and go on as one process', async () => {
    const members = await launch(project, 2, ['--name', 'stopped', ...common, '--steps', '100000']);
    await reached('stopped', 3);
    members[1]!.child.kill('SIGTERM');
    const results = await Promise.all(members.map(({ ended }) => ended));
    expect(results.map(({ status }) => status)).toEqual([130, 130]);
    const steps = results.map(({ stderr }) => /stopped after step (\d+)/.exec(stderr)?.[1]);
    expect(steps[0]).toBe(steps[1]);
    const stop = Number(steps[0]);
    expect((await latestCheckpoint(join(project, 'runs', 'stopped')))!.step).toBe(stop);
    await trainTiny(project, {
      name: 'stopped',
      start: { kind: 'resume', checkpoint: null },
      // The command wrote paths that are relative to where it ran.
      set: [`steps=${stop + 2}`, `data.root=${project}/data`, `data.validation=${project}/data/validation`],
    });
    expect(losses('stopped')).toHaveLength(stop + 2);
  });

  it('all end when one of them is killed, and the run goes on from its checkpoint', async () => {
    const members = await launch(project, 2, ['--name', 'killed', ...common, '--steps', '100000']);
    await reached('killed', 7);
    members[1]!.child.kill('SIGKILL');
    const { status, stderr } = await members[0]!.ended;
    expect(status, stderr).toBe(1);
    expect(stderr).toMatch(/Error: .*JAX/);
    const { step } = (await latestCheckpoint(join(project, 'runs', 'killed')))!;
    await finished(await launch(project, 2, ['--resume', '--name', 'killed', '--set', `steps=${step + 2}`]));
    expect(losses('killed')).toHaveLength(step + 2);
  });
});
