import { readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Checkpoint,
  compareCheckpoints,
  consolidateCheckpoint,
  consolidatedFileName,
  examineCheckpoint,
  openCheckpoint,
  SafetensorsFile,
  saveCheckpoint,
  verifyCheckpoint,
} from '../../src/checkpoints/index.js';
import { OutputError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { killWhileConsolidating } from './killed-consolidations.js';
import { isMoment, smallState, wholeTensor } from './state.js';

const VOCABULARY = {
  layout: { size: 320, compressedOffset: 320, alphabetSize: 0, rawIncluded: true },
  compressor: 'none',
};
const NEVER = new AbortController().signal;
const QUIETLY = { signal: NEVER, onProgress: () => undefined };

/** A checkpoint of many small shards, with its tensors cut by rows and, one of them, by columns. */
async function sharded(seed = 1): Promise<Checkpoint> {
  const slices = smallState(seed).flatMap((slice) => {
    if (slice.name !== 'model.head') return [slice];
    // [4, 4] as two halves of two columns each.
    const values = new Float32Array(slice.tensor.bytes.buffer);
    return [0, 2].map((column) => ({
      ...slice,
      offset: [0, column],
      tensor: {
        ...slice.tensor,
        shape: [4, 2],
        bytes: new Uint8Array(
          Float32Array.from({ length: 8 }, (_, i) => values[(i >> 1) * 4 + column + (i % 2)]!).buffer,
        ),
      },
    }));
  });
  const content = { step: 7, state: { vocabulary: VOCABULARY }, configYaml: 'a: 1\n', slices, isOptimizer: isMoment };
  return openCheckpoint(await saveCheckpoint(temporaryDirectory(), { ...content, maxShardBytes: 20 }));
}

function consolidate(checkpoint: Checkpoint, output: string, changes: object = {}) {
  const request = { withOptimizer: false, force: false, compressorFiles: [], version: '1', ...QUIETLY, ...changes };
  return consolidateCheckpoint({ checkpoint, output, ...request });
}

describe('consolidation', () => {
  it('copies the files of a compressor under names that it can have beside its own', async () => {
    const directory = temporaryDirectory();
    const files: { option: string; path: string; name: string }[] = [];
    for (const [option, file] of [
      ['tokenizer', 'tokenizer.json'],
      ['other', 'tokenizer.json'],
      ['table', '_table'],
      ['codebook', 'config.yaml'],
      ['words', 'COMPLETE'],
    ] as const) {
      const path = join(directory, file);
      writeFileSync(path, file);
      files.push({ option, path, name: consolidatedFileName(option, path, files) });
    }
    const names = ['tokenizer.json', 'other-tokenizer.json', 'table-_table', 'codebook-config.yaml', 'words-COMPLETE'];
    expect(files.map(({ name }) => name)).toEqual(names);
    const output = join(directory, 'joined');
    await consolidate(await sharded(), output, { compressorFiles: files });
    expect((await openCheckpoint(output)).configYaml).toBe('a: 1\n');
    for (const { path, name } of files) expect(readFileSync(join(output, name))).toEqual(readFileSync(path));
  });

  it('makes one file of whole tensors, sorted by name, whichever way they were cut', async () => {
    const output = join(temporaryDirectory(), 'joined');
    const { parameters } = await consolidate(await sharded(), output);
    expect(readdirSync(output)).toEqual([
      'COMPLETE',
      'config.yaml',
      'model.safetensors',
      'provenance.json',
      'state.json',
    ]);
    expect(parameters).toBe(4 * 3 + 4 * 4);
    const file = await SafetensorsFile.open(join(output, 'model.safetensors'));
    const [embedding, head] = smallState(1);
    expect(file.entries.map(({ name, shape }) => [name, shape])).toEqual([
      ['model.embedding', [4, 3]],
      ['model.head', [4, 4]],
    ]);
    expect(file.metadata).toEqual({ format: 'pt' });
    expect(await file.read('model.embedding')).toEqual(embedding!.tensor.bytes);
    expect(await file.read('model.head')).toEqual(head!.tensor.bytes);
    await file.close();
  });

  it('is a checkpoint with the same tensors, with its optimizer if wanted', async () => {
    const checkpoint = await sharded();
    const output = join(temporaryDirectory(), 'joined');
    await consolidate(checkpoint, output, { withOptimizer: true });
    const joined = await verifyCheckpoint(output);
    expect(joined).toMatchObject({ step: 7, state: checkpoint.state, configYaml: 'a: 1\n' });
    expect(await compareCheckpoints(checkpoint, joined, QUIETLY)).toMatchObject({ identical: true, onlyA: [] });
  });

  it('made again from the same checkpoint is left as it is; anything else is not overwritten without force', async () => {
    const checkpoint = await sharded(1);
    const output = join(temporaryDirectory(), 'joined');
    expect(await consolidate(checkpoint, output)).toMatchObject({ isOld: false });
    expect(await consolidate(checkpoint, output)).toMatchObject({ isOld: true });
    await expect(consolidate(checkpoint, output, { withOptimizer: true })).rejects.toThrow(OutputError);
    const other = await sharded(2);
    await expect(consolidate(other, output)).rejects.toThrow(/exists already/);
    expect(await consolidate(other, output, { force: true })).toMatchObject({ isOld: false });
    const foreign = temporaryDirectory();
    writeFileSync(join(foreign, 'thesis.txt'), '');
    await expect(consolidate(other, foreign, { force: true })).rejects.toThrow(/does not hold a checkpoint/);
    expect(await consolidate(await openCheckpoint(output), output)).toMatchObject({ isOld: true });
  });

  it('is not done where a file of the compressor has come to hand since', async () => {
    const directory = temporaryDirectory();
    const checkpoint = await sharded();
    const output = join(directory, 'joined');
    await consolidate(checkpoint, output);
    const path = join(directory, 'tokenizer.json');
    writeFileSync(path, '{}');
    const compressorFiles = [{ option: 'tokenizer', path, name: 'tokenizer.json' }];
    await expect(consolidate(checkpoint, output, { compressorFiles })).rejects.toThrow(/without tokenizer\.json/);
    expect(await consolidate(checkpoint, output, { compressorFiles, force: true })).toMatchObject({ isOld: false });
    expect(await consolidate(checkpoint, output, { compressorFiles })).toMatchObject({ isOld: true });
    // Files that are not at hand any more are no reason to lose the copies.
    expect(await consolidate(checkpoint, output)).toMatchObject({ isOld: true });
  });

  it('is not done in the place of what it is made from, also by way of a link', async () => {
    const checkpoint = await sharded();
    const link = join(temporaryDirectory(), 'run');
    symlinkSync(join(checkpoint.path, '..'), link);
    const output = join(link, '0000000007');
    await expect(consolidate(checkpoint, output, { force: true })).rejects.toThrow(/not consolidated in its own place/);
    await verifyCheckpoint(checkpoint.path);
  });

  it('that stops half way leaves nothing', async () => {
    const parent = temporaryDirectory();
    const checkpoint = await sharded();
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error('stopped'));
    const stopped = consolidate(checkpoint, join(parent, 'joined'), { signal: stop.signal, onProgress });
    await expect(stopped).rejects.toThrow('stopped');
    truncateSync(join(checkpoint.path, 'model-0000-0000.safetensors'), 65_540);
    await expect(consolidate(checkpoint, join(parent, 'joined'))).rejects.toMatchObject({ code: 'checkpoint' });
    expect(readdirSync(parent)).toEqual([]);
  });

  it('that is killed leaves nothing that looks finished, whatever the instant', async () => {
    await killWhileConsolidating(3);
  });
});

describe('examineCheckpoint', () => {
  it('lists all that is wrong, where', async () => {
    const { path } = await sharded();
    expect((await examineCheckpoint(path, QUIETLY)).damage).toMatchObject([
      // These checkpoints are of no real model.
      { what: expect.stringContaining('what its model is') },
    ]);
    const [first, second] = readdirSync(path).filter((name) => name.startsWith('model-'));
    const bytes = readFileSync(join(path, first!));
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(join(path, first!), bytes);
    rmSync(join(path, second!));
    writeFileSync(join(path, 'config.yaml'), 'a: 2\n');
    expect(await examineCheckpoint(path, QUIETLY)).toMatchObject({
      step: 7,
      damage: [
        { file: join(path, 'config.yaml'), tensor: null },
        { file: join(path, second!), tensor: null, what: `${second} is missing` },
        { file: join(path, first!), tensor: 'model.embedding', what: expect.stringContaining('not what was saved') },
      ],
    });
    rmSync(join(path, 'COMPLETE'));
    expect(await examineCheckpoint(path, QUIETLY)).toMatchObject({
      step: null,
      damage: [{ what: expect.stringContaining('not a complete checkpoint') }],
    });
  });
});

describe('compareCheckpoints', () => {
  it('tells the tensors of the model before those of the optimizer', async () => {
    const slices = ['a.moment', 'z.weight', 'b.weight'].map((name) => wholeTensor(name, [1], [1]));
    const isOptimizer = (name: string) => name.endsWith('moment');
    const content = { step: 1, state: null, configYaml: '', isOptimizer };
    const [a, b] = await Promise.all(
      [slices, []].map(async (held) =>
        openCheckpoint(await saveCheckpoint(temporaryDirectory(), { ...content, slices: held })),
      ),
    );
    const order = [
      { name: 'b.weight', group: 'model' },
      { name: 'z.weight', group: 'model' },
      { name: 'a.moment', group: 'optimizer' },
    ];
    expect(await compareCheckpoints(a!, b!, QUIETLY)).toMatchObject({ onlyA: order, onlyB: [] });
    expect((await compareCheckpoints(a!, a!, QUIETLY)).tensors).toMatchObject(order);
  });

  it('measures differences, tensor by tensor', async () => {
    const [a, b] = [await sharded(1), await sharded(3)];
    const { identical, tensors } = await compareCheckpoints(a, b, QUIETLY);
    expect(identical).toBe(false);
    const norm = Math.hypot(...new Float32Array(smallState(1)[1]!.tensor.bytes.buffer));
    expect(tensors.find(({ name }) => name === 'model.head')).toEqual({
      name: 'model.head',
      group: 'model',
      dtypes: { a: 'f32', b: 'f32' },
      shape: [4, 4],
      identical: false,
      differing: 16,
      elements: 16,
      max: 2,
      mean: 2,
      relative: expect.closeTo(8 / norm, 12),
    });
  });
});
