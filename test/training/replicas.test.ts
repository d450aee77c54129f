import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listCheckpoints, openCheckpoint } from '../../src/checkpoints/index.js';
import { add, makeProgram, scalar, state } from '../../src/graph/index.js';
import type { ReplicaGroup } from '../../src/plugins/contracts.js';
import { ReplicatedState } from '../../src/training/replicated-state.js';
import { computedMetrics, metricsOf, tensorFiles, tinyProject, trainTiny } from './tiny-training.js';

const RESUME = { start: { kind: 'resume', checkpoint: null } } as const;

/** Losses of every step, of all heads and each. */
const losses = (project: string, name: string) =>
  metricsOf(project, name).flatMap(({ loss, loss_head_0, loss_head_1 }) => [loss!, loss_head_0!, loss_head_1!]);

const largestDifference = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, index) => Math.abs(value - b[index]!) / Math.abs(value)));

const environmentOf = (project: string, name: string) =>
  JSON.parse(readFileSync(join(project, 'runs', name, 'environment.json'), 'utf8')) as { replicas: number };

describe('replicas', () => {
  it.each([
    ['plain', {}, [['backend.replicas=4'], ['backend.replicas=2', 'batch.accumulation=2', 'batch.rematerialise=true']]],
    [
      'with weighted heads and no document mask',
      { loss: { multibyteMask: true, documentMask: false } },
      [['backend.replicas=2']],
    ],
  ])('find the losses that one copy of the model finds, %s', async (_, overrides, divisions) => {
    const project = tinyProject(overrides);
    const common = ['steps=4', 'logging.every=1', 'optim.learningRate=1e-3', 'optim.clip=0.5'];
    await trainTiny(project, { name: 'one', set: [...common, 'backend.replicas=1'] });
    for (const set of divisions) {
      await trainTiny(project, { name: 'many', set: [...common, ...set], force: true });
      expect(largestDifference(losses(project, 'one'), losses(project, 'many'))).toBeLessThan(1e-6);
      const [one, many] = ['one', 'many'].map((name) => metricsOf(project, name).map(({ grad_norm }) => grad_norm!));
      expect(largestDifference(one!, many!)).toBeLessThan(1e-5);
    }
  });

  it('are as many as threads by default, and a run keeps their number when it is resumed with other threads', async () => {
    const project = tinyProject();
    const started: number[] = [];
    const observer = { onStart: ({ replicas }: { replicas: number }) => void started.push(replicas) };
    await trainTiny(project, { name: 'whole', observer });
    await trainTiny(project, { stopAfter: 7 });
    await trainTiny(project, { ...RESUME, set: ['backend.threads=1'] });
    expect(started).toEqual([2]);
    expect(environmentOf(project, 'run').replicas).toBe(2);
    expect(computedMetrics(project)).toEqual(computedMetrics(project, 'whole'));
    expect(await tensorFiles(project)).toEqual(await tensorFiles(project, 'whole'));
  });

  it('write checkpoints that any number of them goes on from', async () => {
    const project = tinyProject();
    const set = ['logging.every=1', 'optim.learningRate=1e-3'];
    await trainTiny(project, { name: 'one', set: [...set, 'backend.replicas=1'] });
    await trainTiny(project, { name: 'many', set: [...set, 'backend.replicas=2'], stopAfter: 6 });
    await trainTiny(project, { ...RESUME, name: 'many', set: ['backend.replicas=1'] });
    expect(largestDifference(losses(project, 'one'), losses(project, 'many'))).toBeLessThan(1e-5);
    const [one, many] = await Promise.all(
      ['one', 'many'].map(async (name) => {
        const checkpoints = await listCheckpoints(join(project, 'runs', name));
        return openCheckpoint(checkpoints.find(({ step }) => step === 5)!.path);
      }),
    );
    expect(many!.specs).toEqual(one!.specs);
  });

  it('share the rows evenly, or are refused with the nearest number that does', async () => {
    await expect(trainTiny(tinyProject(), { set: ['backend.replicas=3'] })).rejects.toMatchObject({
      message: '3 replicas cannot share the 4 sequences of a micro-batch evenly',
      location: { field: 'backend.replicas' },
      hint: expect.stringContaining('Choose 2, another divisor'),
    });
  });

  it('are not set at odds by a program that changes the state of one', () => {
    const group: ReplicaGroup = {
      sessions: [],
      threads: 1,
      sumAtOwners: async () => {},
      copyFromOwners: async () => {},
      dispose: async () => {},
    };
    const program = makeProgram({ outputs: {}, next: { a: add(state('a', 'f32', []), scalar(1)) } });
    expect(() => new ReplicatedState(group, []).load(program)).toThrow('the replicas would differ in a');
  });
});
