import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  openCheckpoint,
  SafetensorsFile,
  saveCheckpoint,
  type TensorSlice,
  tidyCheckpoints,
  verifyCheckpoint,
} from '../../src/checkpoints/index.js';
import { CheckpointError, OutputError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { collect, smallContent, smallState, wholeTensor } from './state.js';

describe('a saved checkpoint', () => {
  it('gives up the snapshot that it cannot save, also before it is read', async () => {
    const run = temporaryDirectory();
    writeFileSync(join(run, 'checkpoints'), '');
    const slices = {
      next: vi.fn(async () => ({ done: true as const, value: undefined })),
      return: vi.fn(async () => ({ done: true as const, value: undefined })),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    await expect(saveCheckpoint(run, smallContent(3, { slices }))).rejects.toThrow(OutputError);
    expect(slices.next).not.toHaveBeenCalled();
    expect(slices.return).toHaveBeenCalledOnce();
  });

  it('gives back all that was put in, and stands under its step in ten digits', async () => {
    const run = temporaryDirectory();
    const path = await saveCheckpoint(run, smallContent(1200));
    expect(path).toBe(join(run, 'checkpoints/0000001200'));
    const checkpoint = await openCheckpoint(path);
    expect(checkpoint).toMatchObject({ step: 1200, state: { loader: { row: 1200 } }, configYaml: 'steps: 1200\n' });
    expect(checkpoint.specs.map(({ name }) => name).sort()).toEqual(
      smallState(0)
        .map(({ name }) => name)
        .sort(),
    );
    const byName = (a: TensorSlice, b: TensorSlice) => a.name.localeCompare(b.name);
    expect((await collect(checkpoint.tensors())).sort(byName)).toEqual(smallState(1200).sort(byName));
  });

  it('keeps model and optimizer in files of their own, which any reader of safetensors understands', async () => {
    const path = await saveCheckpoint(temporaryDirectory(), smallContent(1));
    expect(readdirSync(path)).toEqual([
      'COMPLETE',
      'config.yaml',
      'model-0000-0000.safetensors',
      'optimizer-0000-0000.safetensors',
      'state.json',
    ]);
    const model = await SafetensorsFile.open(join(path, 'model-0000-0000.safetensors'));
    expect(model.entries.map(({ name }) => name)).toEqual(['model.embedding', 'model.head']);
    await model.close();
  });

  it('can be read for some tensors alone', async () => {
    const checkpoint = await openCheckpoint(await saveCheckpoint(temporaryDirectory(), smallContent(1)));
    const slices = await collect(checkpoint.tensors(['model.head']));
    expect(slices).toEqual([smallState(1)[1]]);
    await expect(collect(checkpoint.tensors(['model.tail']))).rejects.toThrow(/no tensor model\.tail/);
  });

  it('replaces an earlier one of the same step', async () => {
    const run = temporaryDirectory();
    await saveCheckpoint(run, smallContent(5, { state: 'first' }));
    const path = await saveCheckpoint(run, smallContent(5, { state: 'second' }));
    expect((await openCheckpoint(path)).state).toBe('second');
    expect(readdirSync(join(run, 'checkpoints'))).toEqual(['0000000005']);
  });

  it('holds every element type bit by bit', async () => {
    const bytes = Uint8Array.from({ length: 12 }, (_, index) => 251 - 17 * index);
    const slices = (['f32', 'f16', 'bf16', 'i32', 'bool'] as const).map((dtype, index): TensorSlice => {
      const shape = [12 / { f32: 4, f16: 2, bf16: 2, i32: 4, bool: 1 }[dtype]];
      return { name: `t${index}`, dtype, globalShape: shape, offset: [0], tensor: { dtype, shape, bytes } };
    });
    slices.push({ ...wholeTensor('scalar', [], [3]) }, wholeTensor('empty', [0, 7], []));
    const checkpoint = await openCheckpoint(await saveCheckpoint(temporaryDirectory(), smallContent(1, { slices })));
    expect(await collect(checkpoint.tensors())).toEqual(slices);
  });
});

describe('openCheckpoint', () => {
  it('tells a path that is not there from an incomplete checkpoint', async () => {
    const path = join(temporaryDirectory(), 'runs/none');
    await expect(openCheckpoint(path)).rejects.toMatchObject({
      message: `there is no checkpoint ${path}`,
      location: { file: path },
      hint: expect.stringMatching(/^Name a checkpoint, such as /),
    });
  });

  it('tells the directory of a run from that of a checkpoint', async () => {
    const run = temporaryDirectory();
    const path = await saveCheckpoint(run, smallContent(1));
    await expect(openCheckpoint(run)).rejects.toMatchObject({ message: /is a run/, hint: `Use ${path}` });
  });

  it.each(['nowhere', 'file'])('explains that there is no checkpoint: %s', async (name) => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    await expect(openCheckpoint(join(directory, name))).rejects.toThrow(CheckpointError);
  });
});

describe('tidyCheckpoints', () => {
  it('brings back a checkpoint whose replacement had only begun, and removes the replacement', async () => {
    const run = temporaryDirectory();
    const path = await saveCheckpoint(run, smallContent(7));
    const killed = join(run, 'checkpoints/.pc-00000000-1-00000000-0123456789ab');
    renameSync(path, `${killed}.0000000007.replaced`);
    mkdirSync(`${killed}.tmp`);
    await tidyCheckpoints(run);
    expect(readdirSync(join(run, 'checkpoints'))).toEqual(['0000000007']);
    await verifyCheckpoint(path);
  });
});
