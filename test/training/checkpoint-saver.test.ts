import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listCheckpoints, type TensorSlice, verifyCheckpoint } from '../../src/checkpoints/index.js';
import type { Backend } from '../../src/plugins/contracts.js';
import { OutputError } from '../../src/support/errors.js';
import { CheckpointSaver, type FailedSave, type SaverOptions } from '../../src/training/checkpoint-saver.js';
import { checkpointOptions } from '../../src/training/options.js';
import type { RunState } from '../../src/training/run-start.js';
import { collect, wholeTensor } from '../checkpoints/state.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const ALONE: Pick<Backend, 'topology' | 'allGather'> = {
  topology: { rank: 0, world: 1, devices: [] },
  allGather: async (bytes) => [bytes],
};

/** What a saver takes for the state of a run; it looks at nothing in it. */
const STATE = { totals: { symbols: 1, bytes: 1, documents: 1 } } as RunState;

async function* snapshot(step: number): AsyncGenerator<TensorSlice> {
  yield wholeTensor('weight', [2], [step, step]);
}

async function* failing(error: Error): AsyncGenerator<TensorSlice> {
  yield wholeTensor('weight', [2], [0, 0]);
  throw error;
}

function saverIn(directory: string, options: object, changes: Partial<SaverOptions> = {}) {
  const told: FailedSave[] = [];
  const saver = new CheckpointSaver({
    directory,
    configYaml: '',
    options: checkpointOptions.parse(options),
    processes: ALONE,
    onSaved: () => undefined,
    onFailure: (failure) => told.push(failure),
    ...changes,
  });
  return { saver, told };
}

const FULL = new OutputError('no space is left on the device');
const stepsIn = async (directory: string) => (await listCheckpoints(directory)).map(({ step }) => step);

describe('a checkpoint that cannot be written', () => {
  it('stops training, unless the user chose otherwise; the error names what to go on from', async () => {
    const directory = temporaryDirectory();
    const { saver } = saverIn(directory, {});
    await saver.begin({ step: 1, state: STATE, isLast: false }, () => snapshot(1));
    await saver.begin({ step: 2, state: STATE, isLast: false }, () => failing(FULL));
    await saver.settled();
    expect(() => saver.throwIfFailed()).toThrow(/no space/);
    await expect(saver.finish()).rejects.toMatchObject({
      code: 'output',
      hint: expect.stringContaining(join(directory, 'checkpoints/0000000001')),
    });
  });

  it('is told and outlived where the user chose so; the next one is written', async () => {
    const directory = temporaryDirectory();
    const { saver, told } = saverIn(directory, { onSaveFailure: 'continue' });
    await saver.begin({ step: 1, state: STATE, isLast: false }, () => snapshot(1));
    await saver.begin({ step: 2, state: STATE, isLast: false }, () => failing(FULL));
    await saver.begin({ step: 3, state: STATE, isLast: true }, () => snapshot(3));
    await saver.finish();
    saver.throwIfFailed();
    const safe = join(directory, 'checkpoints/0000000001');
    expect(told).toEqual([{ step: 2, reason: FULL.message, safe }]);
    expect(saver.failed).toEqual(told);
    expect(await stepsIn(directory)).toEqual([1, 3]);
  });

  it.each([
    ['there is no older one', [], false, FULL],
    ['it is the last', [1], true, FULL],
    ['the reason is not the disk', [1], false, new TypeError('the device is gone')],
  ])('stops training all the same where %s', async (_, before, isLast, error) => {
    const { saver, told } = saverIn(temporaryDirectory(), { onSaveFailure: 'continue' });
    for (const step of before) await saver.begin({ step, state: STATE, isLast: false }, () => snapshot(step));
    await saver.begin({ step: 9, state: STATE, isLast }, () => failing(error));
    await expect(saver.finish()).rejects.toThrow(error.message);
    expect(told).toEqual([]);
  });
});

describe('processes that train together', () => {
  /** Savers of two processes, which meet at `allGather` as often as each calls it. */
  function pair(directory: string) {
    const meetings: { given: Uint8Array[]; waiting: ((all: Uint8Array[]) => void)[] }[] = [];
    return [0, 1].map((rank) => {
      let meeting = 0;
      const allGather = (bytes: Uint8Array): Promise<Uint8Array[]> => {
        meetings[meeting] ??= { given: [], waiting: [] };
        const { given, waiting } = meetings[meeting++]!;
        given[rank] = bytes;
        const all = new Promise<Uint8Array[]>((resolve) => waiting.push(resolve));
        if (waiting.length === 2) for (const resolve of waiting) resolve(given);
        return all;
      };
      return saverIn(directory, { keep: 1 }, { processes: { topology: { rank, world: 2, devices: [] }, allGather } });
    });
  }

  it('save one checkpoint, each its share', async () => {
    const directory = temporaryDirectory();
    const savers = pair(directory);
    for (const step of [1, 2]) {
      const begun = savers.map(({ saver }, rank) =>
        saver.begin({ step, state: STATE, isLast: false }, async function* () {
          yield { ...wholeTensor('weight', [2], [step, rank]), globalShape: [4], offset: [2 * rank] };
        }),
      );
      await Promise.all(begun);
    }
    await Promise.all(savers.map(({ saver }) => saver.finish()));
    const path = join(directory, 'checkpoints/0000000002');
    expect(readdirSync(join(directory, 'checkpoints'))).toEqual(['0000000002']);
    const whole = { name: 'weight', offset: [0], shape: [4] };
    const checkpoint = await verifyCheckpoint(path);
    expect(await collect(checkpoint.slices([whole]))).toEqual([wholeTensor('weight', [4], [2, 0, 2, 1])]);
  });
});
