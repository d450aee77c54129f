import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beginSharedSave,
  type CheckpointContent,
  openCheckpoint,
  saveCheckpoint,
  saveTogether,
  type TensorSlice,
} from '../../src/checkpoints/index.js';
import { type Region, tilesExactly } from '../../src/checkpoints/regions.js';
import { hostTensor } from '../../src/graph/tensor.js';
import { CheckpointError, OutputError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { collect, isMoment, smallState, wholeTensor } from './state.js';

/** Every index of a region, in row-major order. */
function indices({ offset, shape }: Region): number[][] {
  return shape.reduce<number[][]>(
    (found, size, axis) =>
      found.flatMap((index) => Array.from({ length: size }, (_, at) => [...index, offset[axis]! + at])),
    [[]],
  );
}

/** A region of a tensor whose elements are their own row-major positions. */
function sliceOfPositions(name: string, globalShape: number[], region: Region): TensorSlice {
  const values = indices(region).map((index) => index.reduce((sum, at, axis) => sum * globalShape[axis]! + at, 0));
  const shape = [...region.shape];
  return { name, dtype: 'f32', globalShape, offset: [...region.offset], tensor: hostTensor('f32', values, shape) };
}

/** All blocks of a grid that cuts each dimension of a tensor at the given places. */
function blocks(shape: readonly number[], cuts: readonly (readonly number[])[]): Region[] {
  return shape.reduce<Region[]>(
    (found, size, axis) => {
      const ends = [...new Set([...cuts[axis]!.filter((cut) => cut > 0 && cut < size), size])].sort((a, b) => a - b);
      return found.flatMap(({ offset, shape: sizes }) =>
        ends.map((end, i) => {
          const start = i === 0 ? 0 : ends[i - 1]!;
          return { offset: [...offset, start], shape: [...sizes, end - start] };
        }),
      );
    },
    [{ offset: [], shape: [] }],
  );
}

function content(
  step: number,
  slices: Iterable<TensorSlice>,
  changes: Partial<CheckpointContent> = {},
): CheckpointContent {
  return { step, state: null, configYaml: '', slices, isOptimizer: isMoment, ...changes };
}

/** Saves as processes do that have these slices each. */
async function saveByWriters(
  run: string,
  step: number,
  shares: TensorSlice[][],
  maxShardBytes: number,
): Promise<string> {
  const directory = await beginSharedSave(run, step);
  const saved = shares.map((slices, rank) =>
    saveTogether(run, content(step, slices, { maxShardBytes }), { rank, world: shares.length, directory }),
  );
  return (await Promise.all(saved))[0]!;
}

const tensor = fc
  .array(fc.integer({ min: 0, max: 5 }), { maxLength: 3 })
  .chain((shape) =>
    fc.record({ shape: fc.constant(shape), cuts: fc.tuple(...shape.map(() => fc.array(fc.nat(5), { maxLength: 2 }))) }),
  );

const request = (shape: number[]) =>
  fc.tuple(...shape.map((size) => fc.tuple(fc.nat(size), fc.nat(size)))).map((bounds) => ({
    offset: bounds.map(([a, b]) => Math.min(a, b)),
    shape: bounds.map(([a, b]) => Math.abs(a - b)),
  }));

describe('resharding', () => {
  it('gives any readers exactly the slices they ask for, whichever writers wrote which', async () => {
    const saves = fc.record({
      tensors: fc.array(tensor, { minLength: 1, maxLength: 3 }),
      writers: fc.integer({ min: 1, max: 4 }),
      deal: fc.infiniteStream(fc.nat(3)),
      maxShardBytes: fc.constantFrom(8, 40, 1e6),
    });
    const cases = saves.chain((save) =>
      fc.record({
        save: fc.constant(save),
        readers: fc.array(fc.tuple(...save.tensors.map(({ shape }) => request(shape))), { minLength: 1, maxLength: 4 }),
      }),
    );
    const run = temporaryDirectory();
    let step = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ save, readers }) => {
        const shares: TensorSlice[][] = Array.from({ length: save.writers }, () => []);
        for (const [number, { shape, cuts }] of save.tensors.entries())
          for (const block of blocks(shape, cuts))
            shares[save.deal.next().value! % save.writers]!.push(sliceOfPositions(`t${number}`, shape, block));
        const checkpoint = await openCheckpoint(await saveByWriters(run, step++, shares, save.maxShardBytes));
        for (const regions of readers) {
          const wanted = regions.map((region, number) => ({ ...region, name: `t${number}` }));
          expect(await collect(checkpoint.slices(wanted))).toEqual(
            wanted.map(({ name, ...region }, number) => sliceOfPositions(name, save.tensors[number]!.shape, region)),
          );
        }
      }),
      { numRuns: 20 },
    );
  });

  it('reads a tensor in pieces, whichever dimension it was cut along', async () => {
    for (const cuts of [
      [[], []],
      [[1, 3], []],
      [[], [2]],
      [[2], [1, 4]],
    ]) {
      const slices = blocks([4, 5], cuts).map((block) => sliceOfPositions('m', [4, 5], block));
      const checkpoint = await openCheckpoint(await saveCheckpoint(temporaryDirectory(), content(1, slices.reverse())));
      const reader = checkpoint.openReader();
      const pieces: Buffer[] = [];
      for await (const piece of reader.pieces('m')) pieces.push(Buffer.from(piece));
      await reader.close();
      const whole = sliceOfPositions('m', [4, 5], { offset: [0, 0], shape: [4, 5] });
      expect(new Uint8Array(Buffer.concat(pieces))).toEqual(whole.tensor.bytes);
    }
  });

  it('refuses slices that are not inside their tensor, and unknown tensors', async () => {
    const checkpoint = await openCheckpoint(await saveCheckpoint(temporaryDirectory(), content(1, smallState(1))));
    const read = (name: string, offset: number[], shape: number[]) =>
      collect(checkpoint.slices([{ name, offset, shape }]));
    await expect(read('model.head', [0, 0], [4, 5])).rejects.toThrow(RangeError);
    await expect(read('model.head', [0], [4])).rejects.toThrow(RangeError);
    await expect(read('model.tail', [0], [4])).rejects.toThrow(CheckpointError);
  });

  it('verifies a slice even where only a part of it is asked for', async () => {
    const path = await saveCheckpoint(temporaryDirectory(), content(1, [wholeTensor('t', [4], [1, 2, 3, 4])]));
    const checkpoint = await openCheckpoint(path);
    const file = join(path, 'model-0000-0000.safetensors');
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    const first = collect(checkpoint.slices([{ name: 't', offset: [0], shape: [1] }]));
    await expect(first).rejects.toThrow(/tensor t is not what was saved/);
  });
});

describe('tilesExactly', () => {
  it('agrees with counting how often each element is held', () => {
    const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
    const cases = shape.chain((sizes) =>
      fc.record({
        sizes: fc.constant(sizes),
        cuts: fc.tuple(...sizes.map(() => fc.array(fc.nat(4), { maxLength: 2 }))),
        extra: fc.option(request(sizes)),
        lost: fc.option(fc.nat(3)),
      }),
    );
    fc.assert(
      fc.property(cases, ({ sizes, cuts, extra, lost }) => {
        const regions = blocks(sizes, cuts);
        if (lost !== null) regions.splice(lost, 1);
        if (extra !== null) regions.push(extra);
        const held = regions.flatMap(indices).map(String);
        const all = indices({ offset: sizes.map(() => 0), shape: sizes }).length;
        expect(tilesExactly(regions, sizes)).toBe(held.length === all && new Set(held).size === all);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a save of several processes', () => {
  it('is complete when all have written, with one marker, and nothing else beside it', async () => {
    const run = temporaryDirectory();
    const state = smallState(3);
    const path = await saveByWriters(run, 3, [state.slice(0, 2), state.slice(2)], 1e6);
    expect(readdirSync(join(run, 'checkpoints'))).toEqual(['0000000003']);
    expect(readdirSync(path)).toEqual([
      'COMPLETE',
      'config.yaml',
      'model-0000-0000.safetensors',
      'optimizer-0001-0000.safetensors',
      'state.json',
    ]);
  });

  it('leaves nothing if one of them fails, and all of them hear of it', async () => {
    const run = temporaryDirectory();
    const directory = await beginSharedSave(run, 1);
    const failing = (async function* () {
      yield* smallState(1).slice(0, 1);
      throw new OutputError('the disk of process 1 is full');
    })();
    const outcomes = await Promise.allSettled([
      saveTogether(run, content(1, smallState(1).slice(1)), { rank: 0, world: 2, directory }),
      saveTogether(run, content(1, [], { slices: failing }), { rank: 1, world: 2, directory }),
    ]);
    expect(outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason)).toEqual([
      expect.objectContaining({ message: expect.stringContaining('process 1 could not write its part') }),
      expect.objectContaining({ message: 'the disk of process 1 is full' }),
    ]);
    expect(readdirSync(join(run, 'checkpoints'))).toEqual([]);
  });

  it('that fails is not taken for an earlier one of the same step, which stays', async () => {
    const run = temporaryDirectory();
    const shares = (value: number) => ['a', 'b'].map((name) => [wholeTensor(name, [2], [value, value])]);
    const path = await saveByWriters(run, 1, shares(1), 1e6);
    const directory = await beginSharedSave(run, 1);
    const outcomes = await Promise.allSettled([
      // Process 0 has a tensor that process 1 saves already.
      saveTogether(run, content(1, shares(2).flat()), { rank: 0, world: 2, directory }),
      saveTogether(run, content(1, shares(2)[1]!), { rank: 1, world: 2, directory }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const kept = await collect((await openCheckpoint(path)).tensors());
    expect(kept).toEqual(shares(1).flat());
  });

  it('leaves nothing if the slices are not whole tensors together', async () => {
    const run = temporaryDirectory();
    const half = sliceOfPositions('m', [4], { offset: [0], shape: [2] });
    const directory = await beginSharedSave(run, 1);
    const outcomes = await Promise.allSettled([
      saveTogether(run, content(1, [half]), { rank: 0, world: 2, directory }),
      saveTogether(run, content(1, []), { rank: 1, world: 2, directory }),
    ]);
    expect(outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason)).toEqual([
      expect.objectContaining({ message: expect.stringContaining('a part of m is missing') }),
      expect.any(OutputError),
    ]);
    expect(readdirSync(join(run, 'checkpoints'))).toEqual([]);
  });

  it('does not wait for ever for a process that is gone', async () => {
    const run = temporaryDirectory();
    const directory = await beginSharedSave(run, 1);
    const alone = saveTogether(run, content(1, smallState(1)), { rank: 0, world: 2, directory, patience: 30 });
    await expect(alone).rejects.toThrow(/process 1 has not done its part/);
    expect(readdirSync(join(run, 'checkpoints'))).toEqual([]);
  });
});
