import { existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquireLock, DirectoryInUseError } from '../../src/support/directory-lock.js';
import { CheckpointError, ConfigError, DataError, OutputError, TrainingError } from '../../src/support/errors.js';
import { metricsOf, type TinyRunOptions, tinyProject, trainTiny } from './tiny-training.js';

const checkpointOf = (project: string, step: number) =>
  join(project, 'runs/run/checkpoints', String(step).padStart(10, '0'));
const RESUME: TinyRunOptions['start'] = { kind: 'resume', checkpoint: null };

/** The first update makes weights whose products overflow. */
const DIVERGING = ['optim.learningRate=1e30', 'optim.warmup=0'];

/** What training throws. */
async function refusal(project: string, options: TinyRunOptions = {}): Promise<unknown> {
  return trainTiny(project, options).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('training stops', () => {
  it('when the loss is not finite, and names the last good checkpoint', async () => {
    const project = tinyProject();
    const set = [...DIVERGING, 'checkpoint.every=1'];
    const error = await refusal(project, { set });
    expect(error).toBeInstanceOf(TrainingError);
    expect((error as TrainingError).message).toMatch(/of step \d+ is (NaN|Infinity); training stops/);
    const [, named] = /The last good checkpoint is (\S+?)\. /.exec((error as TrainingError).hint!)!;
    expect(existsSync(join(named!, 'config.yaml'))).toBe(true);
  });

  it('when there is no data to train on', async () => {
    const project = tinyProject();
    writeFileSync(join(project, 'data/train/source.chunk.00001.jsonl'), '');
    expect(await refusal(project)).toBeInstanceOf(DataError);
  });

  it('before the first step, when the text to validate on is not there', async () => {
    const project = tinyProject({ validation: { every: 100 } });
    rmSync(join(project, 'data/validation'), { recursive: true });
    const begun: number[] = [];
    const error = await refusal(project, { observer: { onStart: ({ step }) => begun.push(step) } });
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).location.file).toBe(join(project, 'data/validation'));
    expect(begun).toEqual([]);
  });
});

describe('a new run is refused', () => {
  it('where another one stands, which --force replaces as a whole', async () => {
    const project = tinyProject();
    await trainTiny(project, { set: ['steps=6', 'logging.every=1'] });
    const error = await refusal(project);
    expect(error).toBeInstanceOf(OutputError);
    expect((error as OutputError).hint).toMatch(/--resume.*--force/);
    await trainTiny(project, { force: true, set: ['steps=3'] });
    expect(metricsOf(project).map(({ step }) => step)).toEqual([3]);
    expect(existsSync(checkpointOf(project, 5))).toBe(false);
  });

  it('where another one was stopped before its first checkpoint', async () => {
    const project = tinyProject();
    const failed = await refusal(project, { set: [...DIVERGING, 'logging.every=1'] });
    expect(failed).toBeInstanceOf(TrainingError);
    expect(await refusal(project)).toBeInstanceOf(OutputError);
    expect(await trainTiny(project, { force: true })).toMatchObject({ finished: true });
  });

  it('where another one is at work', async () => {
    const project = tinyProject();
    const lock = await acquireLock(join(project, 'runs/run'));
    expect(await refusal(project)).toBeInstanceOf(DirectoryInUseError);
    await lock.release();
  });

  it('with a vocabulary that cannot hold its symbols', async () => {
    const error = await refusal(tinyProject(), { set: ['vocabulary.size=100'] });
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).location.field).toBe('vocabulary.size');
  });

  it('from weights of another shape, and leaves the run that it would replace as it is', async () => {
    const project = tinyProject();
    await trainTiny(project);
    const from = checkpointOf(project, 12);
    const error = await refusal(project, {
      start: { kind: 'from', checkpoint: from },
      set: ['vocabulary.size=400'],
      force: true,
    });
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as CheckpointError).message).toMatch(/is \[320,16\] in the checkpoint, and \[400,16\]/);
    expect(existsSync(from)).toBe(true);
  });
});

describe('resuming is refused', () => {
  it('with a setting that may not change, which is named', async () => {
    const project = tinyProject();
    await trainTiny(project, { stopAfter: 5 });
    const error = await refusal(project, {
      start: RESUME,
      set: ['optim.learningRate=0.5', 'batch.size=8', 'steps=20'],
    });
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toBe('a resumed run cannot change batch.size, optim.learningRate');
  });

  it('where there is no checkpoint', async () => {
    const project = tinyProject();
    await refusal(project, { set: DIVERGING });
    const error = await refusal(project, { start: RESUME });
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as CheckpointError).message).toContain('no checkpoint to resume from');
  });

  it.each(['model', 'optimizer', 'state'])(
    'from a newest checkpoint whose %s was cut off; the error names the one before, and that works',
    async (kind) => {
      const project = tinyProject();
      await trainTiny(project, { stopAfter: 8 });
      const file = readdirSync(checkpointOf(project, 8)).find((name) => name.startsWith(kind))!;
      truncateSync(join(checkpointOf(project, 8), file), 20);
      const error = await refusal(project, { start: RESUME });
      expect(error).toBeInstanceOf(CheckpointError);
      expect((error as CheckpointError).hint).toContain(`--resume-from ${checkpointOf(project, 5)}`);
      const start: TinyRunOptions['start'] = { kind: 'resume', checkpoint: checkpointOf(project, 5) };
      expect(await trainTiny(project, { start })).toMatchObject({ step: 12, finished: true });
    },
  );
});
