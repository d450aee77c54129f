import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listCheckpoints, openCheckpoint } from '../../src/checkpoints/index.js';
import { float32Values } from '../../src/graph/index.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { computedMetrics, metricsOf, tensorFiles, tinyProject, trainTiny } from './tiny-training.js';

const checkpointOf = (project: string, step: number, name = 'run') =>
  join(project, 'runs', name, 'checkpoints', String(step).padStart(10, '0'));

/** The steps of the lines of a file. */
const stepsIn = (file: string): number[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { step: number }).step);

const original = mkdtempSync(join(tmpdir(), 'pc-test-'));
beforeAll(async () => {
  await trainTiny(tinyProject({}, original));
});
afterAll(() => rmSync(original, { recursive: true, force: true }));

/** A project of its own in which the run of the default settings has ended. */
function finishedProject(): string {
  const project = temporaryDirectory();
  cpSync(original, project, { recursive: true });
  return project;
}

describe('a training run', () => {
  it('lowers the loss, and leaves metrics, configuration, environment and a last checkpoint', async () => {
    const project = tinyProject();
    const summary = await trainTiny(project, { set: ['steps=60', 'checkpoint.keep=1'] });
    expect(summary).toMatchObject({ step: 60, finished: true, totalSymbols: 60 * 4 * 32 });
    const lines = metricsOf(project);
    expect(lines.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, i) => 3 * (i + 1)));
    expect(lines.at(-1)!.loss).toBeLessThan(0.75 * lines[0]!.loss!);
    const run = join(project, 'runs/run');
    for (const file of ['config.yaml', 'environment.json']) expect(existsSync(join(run, file))).toBe(true);
    expect(existsSync(join(run, 'lock.json'))).toBe(false);
    expect((await listCheckpoints(run)).map(({ step }) => step)).toEqual([60]);
  });

  it('is the same every time, and another one with another seed', async () => {
    const project = finishedProject();
    await trainTiny(project, { name: 'again' });
    await trainTiny(project, { name: 'other', set: ['seed=7'] });
    expect(computedMetrics(project, 'again')).toEqual(computedMetrics(project));
    expect(await tensorFiles(project, 'again')).toEqual(await tensorFiles(project));
    expect(await tensorFiles(project, 'other')).not.toEqual(await tensorFiles(project));
  });

  it('keeps the checkpoints that retention names', async () => {
    const project = tinyProject();
    await trainTiny(project, { set: ['checkpoint.every=2', 'checkpoint.keep=2', 'checkpoint.keepEvery=6'] });
    const steps = (await listCheckpoints(join(project, 'runs/run'))).map(({ step }) => step);
    expect(steps).toEqual([6, 10, 12]);
  });

  it('does the update of step s at the learning rate of λ(s), from λ(0)', async () => {
    const project = tinyProject();
    await trainTiny(project, { set: ['steps=3', 'logging.every=1'] });
    expect(metricsOf(project).map((line) => line.learning_rate)).toEqual([0, 5e-3, 1e-2]);
  });
});

describe('a resumed run', () => {
  it.each([
    ['within a line of metrics', 4],
    ['at a checkpoint', 5],
    ['after a line of metrics', 9],
  ])('goes on with the same losses, parameters and moments where it was stopped %s', async (_, stopAfter) => {
    const project = tinyProject();
    const stopped = await trainTiny(project, { stopAfter });
    expect(stopped).toMatchObject({ step: stopAfter, finished: false, checkpoint: checkpointOf(project, stopAfter) });
    const resumed = await trainTiny(project, { start: { kind: 'resume', checkpoint: null } });
    expect(resumed).toMatchObject({ step: 12, finished: true });
    expect(computedMetrics(project)).toEqual(computedMetrics(original));
    expect(await tensorFiles(project)).toEqual(await tensorFiles(original));
  });

  it('is the same with micro-batches and a schedule of compression', async () => {
    const schedule = {
      warmup: 6,
      steady: 6,
      decay: 0,
      initialRate: 0.2,
      peakRate: 0.8,
      finalRate: 0.8,
      initialMode: 'translation_random',
      steadyMode: 'sentinel',
      finalMode: 'sentinel',
    };
    const project = tinyProject({
      data: { compressor: 'bit', schedule, validation: 'data/validation' },
      batch: { size: 4, sequenceLength: 32, accumulation: 2 },
    });
    await trainTiny(project, { name: 'whole' });
    await trainTiny(project, { stopAfter: 5 });
    await trainTiny(project, { start: { kind: 'resume', checkpoint: null } });
    expect(computedMetrics(project)).toEqual(computedMetrics(project, 'whole'));
    expect(await tensorFiles(project)).toEqual(await tensorFiles(project, 'whole'));
  });

  it('goes on from an older checkpoint, and writes what follows it anew', async () => {
    const project = finishedProject();
    const before = { metrics: computedMetrics(project), tensors: await tensorFiles(project) };
    const start = { kind: 'resume', checkpoint: checkpointOf(project, 5) } as const;
    await expect(trainTiny(project, { start })).rejects.toThrow(
      'going on from step 5 would delete 2 newer checkpoints',
    );
    const fromLast = { kind: 'resume', checkpoint: checkpointOf(project, 10) } as const;
    await expect(trainTiny(project, { start: fromLast })).rejects.toMatchObject({
      message: 'going on from step 10 would delete a newer checkpoint',
      hint: expect.stringMatching(/^Add --force to delete it, /),
    });
    await trainTiny(project, { start, force: true });
    expect(computedMetrics(project)).toEqual(before.metrics);
    expect(await tensorFiles(project)).toEqual(before.tensors);
  });

  it('forgets what the probe found later, also when it no longer probes', async () => {
    const project = tinyProject();
    const probed = () => stepsIn(join(project, 'runs/run/probe.jsonl'));
    await trainTiny(project, { set: ['logging.probe=3'] });
    expect(probed()).toEqual([3, 6, 9, 12]);
    const again = { start: { kind: 'resume', checkpoint: checkpointOf(project, 5) }, force: true } as const;
    await trainTiny(project, again);
    expect(probed()).toEqual([3, 6, 9, 12]);
    await trainTiny(project, { ...again, set: ['logging.probe=null'] });
    expect(probed()).toEqual([3]);
  });

  it('forgets the course that it left: the newest checkpoint is of the course it took', async () => {
    const project = tinyProject();
    const set = ['checkpoint.keep=2'];
    await trainTiny(project, { set });
    const start = { kind: 'resume', checkpoint: checkpointOf(project, 10) } as const;
    const stopped = await trainTiny(project, { start, force: true, stopAfter: 11, set });
    expect(stopped.checkpoint).toBe(checkpointOf(project, 11));
    await openCheckpoint(stopped.checkpoint);
    const latest = await trainTiny(project, { start: { kind: 'resume', checkpoint: null }, set });
    expect(latest).toMatchObject({ step: 12, finished: true });
    expect(metricsOf(project).map(({ step }) => step)).toEqual([
      ...new Set(metricsOf(project).map(({ step }) => step)),
    ]);
  });

  it('has nothing to do when it is finished, unless it is made longer', async () => {
    const project = finishedProject();
    const before = computedMetrics(project);
    const summary = await trainTiny(project, { start: { kind: 'resume', checkpoint: null } });
    expect(summary).toMatchObject({ step: 12, finished: true, checkpoint: checkpointOf(project, 12) });
    expect(summary.loss).toBe(metricsOf(project).at(-1)!.loss);
    expect(computedMetrics(project)).toEqual(before);
    const longer = await trainTiny(project, { start: { kind: 'resume', checkpoint: null }, set: ['steps=15'] });
    expect(longer).toMatchObject({ step: 15, finished: true });
  });

  it('cannot be shorter than it is', async () => {
    const project = finishedProject();
    const start = { kind: 'resume', checkpoint: null } as const;
    await expect(trainTiny(project, { start, set: ['steps=4'] })).rejects.toThrow('the run is at step 12 already');
  });

  it('that was stopped before its first step is started again as if it had not been', async () => {
    const project = tinyProject();
    const stopped = await trainTiny(project, { stopAfter: 0 });
    expect(stopped).toMatchObject({ step: 0, finished: false, checkpoint: '' });
    expect(await trainTiny(project)).toMatchObject({ step: 12, finished: true });
  });

  it('may read other sources with other weights', async () => {
    const project = tinyProject();
    await trainTiny(project, { stopAfter: 5 });
    cpSync(join(project, 'data/validation'), join(project, 'data/more'), { recursive: true });
    const set = ['data.sources={train: 0.25, more: 0.75}'];
    const resumed = await trainTiny(project, { start: { kind: 'resume', checkpoint: null }, set });
    expect(resumed).toMatchObject({ step: 12, finished: true });
    expect(metricsOf(project).at(-1)!.loss).not.toBe(metricsOf(original).at(-1)!.loss);
  });
});

describe('a run from the weights of another', () => {
  it('starts at step 0 with these weights and an optimizer of its own', async () => {
    const project = tinyProject();
    // The first update has a learning rate of 0: what is saved after it are the weights that it started from.
    const from = checkpointOf(original, 12);
    await trainTiny(project, { name: 'next', start: { kind: 'from', checkpoint: from }, set: ['steps=1'] });
    expect(metricsOf(project, 'next').map(({ step }) => step)).toEqual([1]);
    const [base, next] = [await openCheckpoint(from), await openCheckpoint(checkpointOf(project, 1, 'next'))];
    const names = base.specs.map(({ name }) => name).filter((name) => !name.startsWith('adam.'));
    expect(names.length).toBeGreaterThan(0);
    for await (const { name, tensor } of next.tensors(names)) {
      for await (const { tensor: expected } of base.tensors([name]))
        expect(float32Values(tensor)).toEqual(float32Values(expected));
    }
  });
});

describe('how a step is divided', () => {
  /** Losses and norms of gradients of every step. */
  const course = (project: string, name: string) =>
    metricsOf(project, name).flatMap(({ loss, grad_norm }) => [loss!, grad_norm!]);
  const largestDifference = (a: number[], b: number[]) =>
    Math.max(...a.map((value, index) => Math.abs(value - b[index]!) / Math.abs(value)));

  it.each([
    ['plain', {}, [['batch.rematerialise=true'], ['batch.accumulation=2', 'batch.rematerialise=true']]],
    ['with weighted heads', { loss: { multibyteMask: true } }, [['batch.accumulation=4'], ['loss.chunkTokens=24']]],
  ])('does not change its loss and gradient, %s', async (_, overrides, divisions) => {
    const project = tinyProject(overrides);
    const common = ['steps=4', 'logging.every=1', 'optim.learningRate=1e-3', 'model.layers=2'];
    await trainTiny(project, { name: 'whole', set: common });
    for (const set of divisions) {
      await trainTiny(project, { name: 'divided', set: [...common, ...set], force: true });
      expect(largestDifference(course(project, 'whole'), course(project, 'divided'))).toBeLessThan(1e-5);
    }
  });
});

describe('what a run can write beside its metrics', () => {
  it('measures held-out text every so many steps', async () => {
    const project = tinyProject({ validation: { every: 6, batches: 2 } });
    const seen: number[] = [];
    await trainTiny(project, { observer: { onValidation: ({ bitsPerByte }) => void seen.push(bitsPerByte) } });
    const lines = metricsOf(project).filter((line) => line.validation_bits_per_byte !== undefined);
    expect(lines.map(({ step }) => step)).toEqual([6, 12]);
    expect(lines.map((line) => line.validation_bits_per_byte)).toEqual(seen);
    expect(seen[1]).toBeLessThan(seen[0]!);
  });

  it('profiles the last step of a run that is too short for a later one', async () => {
    const project = tinyProject();
    await trainTiny(project, { set: ['steps=2', 'logging.profile=true'] });
    expect(existsSync(join(project, 'runs/run/profile/step.json'))).toBe(true);
  });

  it('leaves training as it is when it probes, profiles and measures', async () => {
    const project = tinyProject();
    const set = ['logging.probe=4', 'logging.profile=true', 'logging.tensorboard=true'];
    await trainTiny(project, { name: 'watched', set });
    expect(computedMetrics(project, 'watched')).toEqual(computedMetrics(original));
    expect(await tensorFiles(project, 'watched')).toEqual(await tensorFiles(original));

    const run = join(project, 'runs/watched');
    const probes = readFileSync(join(run, 'probe.jsonl'), 'utf8').trimEnd().split('\n');
    const reports = probes.map((line) => JSON.parse(line) as Record<string, Record<string, { std: number }>>);
    expect(reports.map(({ step }) => step)).toEqual([4, 8, 12]);
    for (const kind of ['activations', 'activationGradients', 'parameters', 'gradients'])
      for (const { std } of Object.values(reports[1]![kind]!)) expect(std).toBeGreaterThanOrEqual(0);

    const profile = JSON.parse(readFileSync(join(run, 'profile/step.json'), 'utf8')) as Record<
      string,
      { name: string; share: number }[]
    >;
    expect(profile.scopes!.map(({ name }) => name)).toContain('layers.0');
    expect(profile.operators!.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
    expect(existsSync(join(run, 'profile/step.trace.json'))).toBe(true);

    const events = readdirSync(join(run, 'tensorboard'));
    expect(events).toHaveLength(1);
    expect(readFileSync(join(run, 'tensorboard', events[0]!)).includes('bits_per_byte')).toBe(true);
  });
});
