import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  applyRetention,
  type CheckpointContent,
  latestCheckpoint,
  listCheckpoints,
  openCheckpoint,
  SafetensorsFile,
  saveCheckpoint,
  type TensorSlice,
  tidyCheckpoints,
  verifyCheckpoint,
} from '../../src/checkpoints/index.js';
import { CheckpointError, OutputError } from '../../src/support/errors.js';
import { runModule } from '../support/child-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { killWhileSaving, savingModule } from './killed-saves.js';
import { readMutatedCheckpoints } from './mutated-checkpoints.js';
import { collect, isMoment, smallState, wholeTensor } from './state.js';

function content(step: number, changes: Partial<CheckpointContent> = {}): CheckpointContent {
  return {
    step,
    state: { loader: { row: step } },
    configYaml: `steps: ${step}\n`,
    slices: smallState(step),
    isOptimizer: isMoment,
    ...changes,
  };
}

/** Flips one bit of a file. */
function damageByte(path: string, position: number): void {
  const bytes = readFileSync(path);
  bytes[position]! ^= 0x10;
  writeFileSync(path, bytes);
}

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
    await expect(saveCheckpoint(run, content(3, { slices }))).rejects.toThrow(OutputError);
    expect(slices.next).not.toHaveBeenCalled();
    expect(slices.return).toHaveBeenCalledOnce();
  });

  it('gives back all that was put in, and stands under its step in ten digits', async () => {
    const run = temporaryDirectory();
    const path = await saveCheckpoint(run, content(1200));
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
    const path = await saveCheckpoint(temporaryDirectory(), content(1));
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
    const checkpoint = await openCheckpoint(await saveCheckpoint(temporaryDirectory(), content(1)));
    const slices = await collect(checkpoint.tensors(['model.head']));
    expect(slices).toEqual([smallState(1)[1]]);
    await expect(collect(checkpoint.tensors(['model.tail']))).rejects.toThrow(/no tensor model\.tail/);
  });

  it('replaces an earlier one of the same step', async () => {
    const run = temporaryDirectory();
    await saveCheckpoint(run, content(5, { state: 'first' }));
    const path = await saveCheckpoint(run, content(5, { state: 'second' }));
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
    const checkpoint = await openCheckpoint(await saveCheckpoint(temporaryDirectory(), content(1, { slices })));
    expect(await collect(checkpoint.tensors())).toEqual(slices);
  });
});

describe('shards', () => {
  it('stay below the limit; larger tensors are cut by rows, and put together again by their offsets', async () => {
    const values = Float32Array.from({ length: 50 * 8 }, (_, index) => index);
    const slices = [wholeTensor('large', [50, 8], values), wholeTensor('small', [3], [1, 2, 3])];
    const run = temporaryDirectory();
    const path = await saveCheckpoint(run, content(1, { slices, maxShardBytes: 500 }));
    const checkpoint = await openCheckpoint(path);
    const parts = await collect(checkpoint.tensors(['large']));
    expect(parts.length).toBe(4); // 15 rows of 32 bytes are the most below 500 bytes
    const joined = new Float32Array(50 * 8);
    for (const { offset, tensor, globalShape } of parts) {
      expect(globalShape).toEqual([50, 8]);
      joined.set(new Float32Array(tensor.bytes.buffer), offset[0]! * 8);
    }
    expect(joined).toEqual(values);
    expect(checkpoint.specs).toEqual([
      { name: 'large', dtype: 'f32', shape: [50, 8], group: 'model' },
      { name: 'small', dtype: 'f32', shape: [3], group: 'model' },
    ]);
  });

  it('hold slices of any partition of a tensor', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(5),
        fc.nat(5),
        async (rows, columns, rowCut, columnCut) => {
          const cuts = (size: number, cut: number) => (cut > 0 && cut < size ? [0, cut, size] : [0, size]);
          const slices: TensorSlice[] = [];
          const [r, c] = [cuts(rows, rowCut), cuts(columns, columnCut)];
          for (let i = 0; i + 1 < r.length; i++) {
            for (let j = 0; j + 1 < c.length; j++) {
              const shape = [r[i + 1]! - r[i]!, c[j + 1]! - c[j]!];
              const part = wholeTensor('matrix', shape, new Float32Array(shape[0]! * shape[1]!).fill(i + 2 * j));
              slices.push({ ...part, globalShape: [rows, columns], offset: [r[i]!, c[j]!] });
            }
          }
          const path = await saveCheckpoint(temporaryDirectory(), content(1, { slices }));
          expect(await collect((await openCheckpoint(path)).tensors())).toEqual(slices);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('begin anew when a header would outgrow its space', async () => {
    const slices = Array.from({ length: 600 }, (_, index) => wholeTensor(`${'n'.repeat(200)}.${index}`, [1], [index]));
    const path = await saveCheckpoint(temporaryDirectory(), content(1, { slices }));
    expect(readdirSync(path).filter((name) => name.startsWith('model-')).length).toBeGreaterThan(1);
    expect(await collect((await openCheckpoint(path)).tensors())).toEqual(slices);
  });

  it.each([
    ['missing', [wholeTensor('m', [2, 2], [1, 2, 3, 4])].map((s) => ({ ...s, globalShape: [3, 2] })), /part of m/],
    ['twice', [wholeTensor('m', [1], [1]), wholeTensor('m', [1], [1])], /m is written twice/],
    ['short', [{ ...wholeTensor('m', [2], [1, 2]), tensor: wholeTensor('m', [1], [1]).tensor }], /part of m/],
  ])('are refused when a part is %s', async (_, slices, reason) => {
    const run = temporaryDirectory();
    await expect(saveCheckpoint(run, content(1, { slices }))).rejects.toThrow(reason);
    expect(readdirSync(join(run, 'checkpoints'))).toEqual([]);
  });
});

describe('damage', () => {
  it('of any byte of any file is detected, and the previous checkpoint is named', async () => {
    const run = temporaryDirectory();
    const previous = await saveCheckpoint(run, content(1));
    const path = await saveCheckpoint(run, content(2));
    const intact = join(run, 'intact');
    cpSync(path, intact, { recursive: true });
    const sizes = readdirSync(intact).map((name) => [name, statSync(join(intact, name)).size] as const);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...sizes), fc.nat(), async ([name, size], somewhere) => {
        // Half of the bytes tried are in the data, the rest in the header.
        const position = somewhere % 2 === 0 ? somewhere % size : Math.max(0, size - 1 - (somewhere % 200));
        damageByte(join(path, name), position);
        const failure = await verifyCheckpoint(path).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(CheckpointError);
        expect((failure as CheckpointError).hint).toContain(`--resume-from ${previous}`);
        cpSync(intact, path, { recursive: true });
      }),
      { numRuns: 100 },
    );
    await verifyCheckpoint(path);
  });

  it.each(['model-0000-0000.safetensors', 'optimizer-0000-0000.safetensors', 'state.json', 'COMPLETE'])(
    'by truncation of %s is seen without reading the tensors',
    async (name) => {
      const run = temporaryDirectory();
      const path = await saveCheckpoint(run, content(1));
      truncateSync(join(path, name), statSync(join(path, name)).size - 1);
      // Only a line break ends COMPLETE, so that is cut further.
      if (name === 'COMPLETE') truncateSync(join(path, name), 40);
      expect(await listCheckpoints(run)).toMatchObject([
        { step: 1, problem: { location: { file: join(path, name) } } },
      ]);
      await expect(openCheckpoint(path)).rejects.toThrow(CheckpointError);
    },
  );

  it.each(['model-0000-0000.safetensors', 'config.yaml', 'COMPLETE'])('by loss of %s is seen', async (name) => {
    const path = await saveCheckpoint(temporaryDirectory(), content(1));
    rmSync(join(path, name));
    await expect(openCheckpoint(path)).rejects.toThrow(new RegExp(`${name}.* is missing`));
  });

  it('by exchange of whole files between checkpoints is seen', async () => {
    const run = temporaryDirectory();
    const [one, two] = [await saveCheckpoint(run, content(1)), await saveCheckpoint(run, content(2))];
    cpSync(join(one, 'state.json'), join(two, 'state.json'));
    await expect(openCheckpoint(two)).rejects.toThrow(/state\.json is not what was saved/);
  });

  it('of any kind, also where the marker vouches for it, is refused with a typed error or does no harm', async () => {
    const { read, refused } = await readMutatedCheckpoints(40);
    expect(read + refused).toBe(40);
  });

  it('by a name of a slice that leads elsewhere is refused, also where the marker vouches for it', async () => {
    const halves = [0, 1].map((row) => ({ ...wholeTensor('aa/bb/cc', [1], [row]), globalShape: [2], offset: [row] }));
    const path = await saveCheckpoint(temporaryDirectory(), content(1, { slices: halves }));
    const file = join(path, 'model-0000-0000.safetensors');
    const bytes = readFileSync(file);
    // Only where it says which tensor the first slice belongs to: JSON within JSON.
    bytes.write('../../cc', bytes.indexOf(String.raw`\"name\":\"aa/bb/cc`) + String.raw`\"name\":\"`.length);
    writeFileSync(file, bytes);
    const marker = JSON.parse(readFileSync(join(path, 'COMPLETE'), 'utf8'));
    marker.shards['model-0000-0000.safetensors'].header = createHash('sha256')
      .update(bytes.subarray(0, 1 << 16))
      .digest('hex');
    writeFileSync(join(path, 'COMPLETE'), JSON.stringify(marker));
    await expect(openCheckpoint(path)).rejects.toThrow(/no relative path without detours/);
  });

  it('is told apart from a later version of the format', async () => {
    const path = await saveCheckpoint(temporaryDirectory(), content(1));
    const marker = readFileSync(join(path, 'COMPLETE'), 'utf8');
    writeFileSync(join(path, 'COMPLETE'), marker.replace('"version": 1', '"version": 2'));
    await expect(openCheckpoint(path)).rejects.toMatchObject({ message: /later version/ });
  });
});

describe('latestCheckpoint', () => {
  it('is undefined for a run that has none', async () => {
    expect(await latestCheckpoint(temporaryDirectory())).toBeUndefined();
  });

  it('passes over names that are not exactly those of checkpoints', async () => {
    const run = temporaryDirectory();
    const path = await saveCheckpoint(run, content(7));
    for (const name of ['0000000009_backup', '00000000010', '.pc-x.tmp', 'notes']) {
      mkdirSync(join(run, 'checkpoints', name));
    }
    expect(await latestCheckpoint(run)).toEqual({ step: 7, path, problem: null });
  });

  it('fails when the newest is damaged, naming the newest good one, or takes that when asked to', async () => {
    const run = temporaryDirectory();
    const [, good, newest] = [
      await saveCheckpoint(run, content(1)),
      await saveCheckpoint(run, content(2)),
      await saveCheckpoint(run, content(3)),
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
    rmSync(join(await saveCheckpoint(run, content(1)), 'COMPLETE'));
    await expect(latestCheckpoint(run, { fallBack: true })).rejects.toThrow(CheckpointError);
  });
});

describe('tidyCheckpoints', () => {
  it('brings back a checkpoint whose replacement had only begun, and removes the replacement', async () => {
    const run = temporaryDirectory();
    const path = await saveCheckpoint(run, content(7));
    const killed = join(run, 'checkpoints/.pc-00000000-1-00000000-0123456789ab');
    renameSync(path, `${killed}.0000000007.replaced`);
    mkdirSync(`${killed}.tmp`);
    await tidyCheckpoints(run);
    expect(readdirSync(join(run, 'checkpoints'))).toEqual(['0000000007']);
    await verifyCheckpoint(path);
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
    const path = await saveCheckpoint(run, content(1));
    await expect(openCheckpoint(run)).rejects.toMatchObject({ message: /is a run/, hint: `Use ${path}` });
  });

  it.each(['nowhere', 'file'])('explains that there is no checkpoint: %s', async (name) => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    await expect(openCheckpoint(join(directory, name))).rejects.toThrow(CheckpointError);
  });
});

describe('applyRetention', () => {
  async function runWith(...steps: number[]): Promise<string> {
    const run = temporaryDirectory();
    for (const step of steps) await saveCheckpoint(run, content(step));
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

describe('a save that cannot be finished', () => {
  it('for lack of space leaves the older checkpoint and nothing else', async () => {
    const run = temporaryDirectory();
    await saveCheckpoint(run, content(1));
    const { stdout } = await runModule(
      `${savingModule(run)}
       await save(2).catch((error) => console.log(JSON.stringify({ code: error.code, hint: error.hint })));`,
      { fileSizeLimit: 80 },
    );
    expect(JSON.parse(stdout)).toMatchObject({ code: 'output', hint: expect.stringContaining('ulimit -f') });
    expect(readdirSync(join(run, 'checkpoints'))).toEqual(['0000000001']);
    await verifyCheckpoint(join(run, 'checkpoints/0000000001'));
  });

  it('since its source fails leaves nothing, and passes the failure on', async () => {
    const run = temporaryDirectory();
    async function* failing() {
      yield* smallState(1);
      throw new TypeError('the device is gone');
    }
    await expect(saveCheckpoint(run, content(1, { slices: failing() }))).rejects.toThrow('the device is gone');
    expect(readdirSync(join(run, 'checkpoints'))).toEqual([]);
  });

  it('where nothing can be written is an OutputError', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    await expect(saveCheckpoint(join(directory, 'file/run'), content(1))).rejects.toThrow(OutputError);
    await expect(saveCheckpoint('/proc/pc-test', content(1))).rejects.toThrow(OutputError);
  });

  it('because it was killed leaves complete checkpoints only, whatever the instant', async () => {
    await killWhileSaving(4);
  });
});
