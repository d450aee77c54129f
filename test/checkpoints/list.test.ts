import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyRetention, latestCheckpoint, listCheckpoints, saveCheckpoint } from '../../src/checkpoints/index.js';
import { CheckpointError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { smallContent } from './state.js';

describe('latestCheckpoint', () => {
  it('is undefined for a run that has none', async () => {
    expect(await latestCheckpoint(temporaryDirectory())).toBeUndefined();
  });

  it('passes over names that are not exactly those of checkpoints', async () => {
    const run = temporaryDirectory();
    const path = await saveCheckpoint(run, smallContent(7));
    for (const name of ['0000000009_backup', '00000000010', '.pc-x.tmp', 'notes']) {
      mkdirSync(join(run, 'checkpoints', name));
    }
    expect(await latestCheckpoint(run)).toEqual({ step: 7, path, problem: null });
  });

  it('fails when the newest is damaged, naming the newest good one, or takes that when asked to', async () => {
    const run = temporaryDirectory();
    const [, good, newest] = [
      await saveCheckpoint(run, smallContent(1)),
      await saveCheckpoint(run, smallContent(2)),
      await saveCheckpoint(run, smallContent(3)),
    ];
    rmSync(join(newest!, 'COMPLETE'));
    await expect(latestCheckpoint(run)).rejects.toMatchObject({
      code: 'checkpoint',
      hint: expect.stringContaining(`--resume-from ${good}`),
    });
    expect(await latestCheckpoint(run, { fallBack: true })).toMatchObject({ step: 2 });
  });

  it('fails when all are damaged', async () => {
    const run = temporaryDirectory();
    rmSync(join(await saveCheckpoint(run, smallContent(1)), 'COMPLETE'));
    await expect(latestCheckpoint(run, { fallBack: true })).rejects.toThrow(CheckpointError);
  });
});

describe('applyRetention', () => {
  async function runWith(...steps: number[]): Promise<string> {
    const run = temporaryDirectory();
    for (const step of steps) await saveCheckpoint(run, smallContent(step));
    return run;
  }
  const stepsOf = async (run: string) => (await listCheckpoints(run)).map(({ step }) => step);

  it('keeps the newest and the multiples', async () => {
    const run = await runWith(100, 200, 250, 300, 400);
    await applyRetention(run, { keep: 2, keepEvery: 100 });
    expect(await stepsOf(run)).toEqual([100, 200, 300, 400]);
    await applyRetention(run, { keep: 2, keepEvery: 200 });
    expect(await stepsOf(run)).toEqual([200, 300, 400]);
    await applyRetention(run, { keep: 1 });
    expect(await stepsOf(run)).toEqual([400]);
  });

  it('keeps all when told to keep 0', async () => {
    const run = await runWith(1, 2, 3);
    expect(await applyRetention(run, { keep: 0, keepEvery: 2 })).toEqual([]);
    expect(await stepsOf(run)).toEqual([1, 2, 3]);
  });

  it('never counts a damaged one, so that the newest complete one stays', async () => {
    const run = await runWith(1, 2, 3);
    rmSync(join(run, 'checkpoints/0000000003/COMPLETE'));
    await applyRetention(run, { keep: 1 });
    expect(await stepsOf(run)).toEqual([2, 3]);
  });

  it('leaves other directories alone', async () => {
    const run = await runWith(1, 2);
    mkdirSync(join(run, 'checkpoints/0000000001_backup'));
    await applyRetention(run, { keep: 1 });
    expect(readdirSync(join(run, 'checkpoints'))).toEqual(['0000000001_backup', '0000000002']);
  });
});
