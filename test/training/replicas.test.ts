import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listCheckpoints, openCheckpoint } from '../../src/checkpoints/index.js';
import { add, hostTensor, makeProgram, scalar, state } from '../../src/graph/index.js';
import type { ReplicaGroup, Session, StateSlice, StateSpec } from '../../src/plugins/contracts.js';
import { releasing } from '../../src/support/releasing-iterator.js';
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

  it('are kept in number when a run is resumed with other threads', async () => {
    const project = tinyProject({ backend: { threads: 2 } });
    const started: number[] = [];
    const observer = { onStart: ({ replicas }: { replicas: number }) => void started.push(replicas) };
    const set = ['backend.replicas=2'];
    await trainTiny(project, { name: 'whole', observer, set });
    await trainTiny(project, { stopAfter: 7, set });
    await trainTiny(project, { ...RESUME, set: ['backend.threads=1', 'backend.replicas=auto'] });
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
    const program = makeProgram({ outputs: {}, next: { a: add(state('a', 'f32', []), scalar(1)) } });
    expect(() => new ReplicatedState(groupOf([]), []).load(program)).toThrow('the replicas would differ in a');
  });

  it.each([
    ['was read to its end', 2],
    ['is given up', 1],
    ['was never read', 0],
  ])('let go of a snapshot that %s', async (_, read) => {
    const released: number[] = [];
    const tensor = hostTensor('f32', [0], []);
    async function* slices(replica: number, names: string[] = []): AsyncGenerator<StateSlice, undefined> {
      try {
        for (const name of names) yield { name, dtype: 'f32', globalShape: [], offset: [], tensor };
      } finally {
        released.push(replica);
      }
    }
    const sessions = [0, 1].map((replica): Session => {
      const snapshot: Session['snapshot'] = (names) =>
        releasing(slices(replica, names), async () => void released.push(replica));
      return { snapshot, load: () => Promise.reject(), writeState: async () => {}, dispose: async () => {} };
    });
    const spec = (name: string): StateSpec => ({ name, dtype: 'f32', shape: [] });
    const snapshot = new ReplicatedState(groupOf(sessions), [[spec('a')], [spec('b')]]).snapshot(['b', 'a']);
    const names: string[] = [];
    for (let count = 0; count < read; count++) names.push((await snapshot.next()).value!.name);
    expect(names).toEqual(['b', 'a'].slice(0, read));
    if (read === 2) expect((await snapshot.next()).done).toBe(true);
    else await snapshot.return!();
    expect([...new Set(released)].sort()).toEqual([0, 1]);
  });
});

function groupOf(sessions: Session[]): ReplicaGroup {
  return {
    sessions,
    threads: 1,
    sumAtOwners: async () => {},
    copyFromOwners: async () => {},
    dispose: async () => {},
  };
}
