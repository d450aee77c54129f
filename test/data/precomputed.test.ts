import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Batch, BatchAssembler, type BatchSettings, type LoaderState } from '../../src/data/batches.js';
import { locateCodes } from '../../src/data/precomputed.js';
import { SHARD_FORMATS } from '../../src/data/preprocess/options.js';
import { instantiateCompressor } from '../../src/plugins/compressor-instance.js';
import type { Compressor } from '../../src/plugins/contracts.js';
import { builtin, run } from './preprocess/temporary-preprocessed.js';
import { settings } from './settings.js';
import { jsonl, numberedTexts, temporaryData } from './temporary-data.js';

const gzip = (level = 9): Promise<Compressor> => instantiateCompressor(builtin('gzip', { level }));
const AUTO = { codeField: null, precomputed: 'auto' as const };

/** A project with a source, and its preprocessed form beside it. */
async function project(more: Parameters<typeof run>[2] = {}) {
  const root = temporaryData({ 'data/train/a.jsonl': jsonl(numberedTexts(120)), 'data/train/b.jsonl': jsonl(['b']) });
  const [train, beside] = [join(root, 'data/train'), join(root, 'data/preprocessed/train')];
  await run(train, beside, { compressors: [builtin('gzip', { level: 9 })], ...more });
  return { train, beside };
}

async function batches(
  of: BatchSettings,
  compressor: Compressor,
  count: number,
  state: LoaderState | null = null,
  log?: (message: string) => void,
): Promise<Batch[]> {
  const assembler = await BatchAssembler.open(of, compressor, state, log);
  const made: Batch[] = [];
  for (let i = 0; i < count; i++) made.push(await assembler.next());
  await assembler.close();
  return made;
}

/** A compressor that reads codes but cannot make them. */
const readingOnly = (compressor: Compressor): Compressor => ({
  ...compressor,
  encode: () => {
    throw new Error('encoded while reading');
  },
});

describe('training on precomputed codes', () => {
  it.each(SHARD_FORMATS)('gives the batches of encoding while reading, from %s', async (format) => {
    const { beside } = await project({ format });
    const compressor = await gzip();
    const made = await batches(settings(beside, { precomputed: 'ignore' }), compressor, 12);
    const read = await batches(settings(beside), readingOnly(compressor), 12);
    // Where it goes on differs in one thing: which field the codes of an unfinished document come from.
    const trainedOn = ({ step, microBatches, statistics }: Batch) => ({ step, microBatches, statistics });
    expect(read.map(trainedOn)).toEqual(made.map(trainedOn));
  });

  it('reads the preprocessed form beside a source', async () => {
    const { train, beside } = await project();
    const compressor = readingOnly(await gzip());
    expect(await batches(settings(train), compressor, 5)).toEqual(await batches(settings(beside), compressor, 5));
  });

  it('goes on with the form that the run began with, though the source was preprocessed since', async () => {
    const { train, beside } = await project();
    const compressor = await gzip();
    const raw = settings(train, { precomputed: 'ignore' });
    const whole = await batches(raw, compressor, 6);
    expect(await batches(settings(train), compressor, 3, whole[2]!.state)).toEqual(whole.slice(3));
    const fromCodes = await batches(settings(train), compressor, 6);
    expect(await batches(settings(train), compressor, 3, fromCodes[2]!.state)).toEqual(fromCodes.slice(3));
    expect(fromCodes[2]!.state.sources).toEqual((await batches(settings(beside), compressor, 3))[2]!.state.sources);
  });

  it('does not look for codes where nothing compressed is trained on', async () => {
    const { train } = await project();
    await batches(settings(train, { rate: 0 }), await gzip(1), 1);
  });

  it('takes the codes of a named field without a manifest, and says that they are unverified', async () => {
    const folder = temporaryData({ 'a.jsonl': '{"text":"abc","mine":"H4sIAAAAAAAAA0tMSgYAwkEkNQMAAAA="}\n' });
    const notes: string[] = [];
    const of = settings(folder, { codeField: 'mine', rate: 1 });
    await batches(of, readingOnly(await gzip()), 1, null, (note) => notes.push(note));
    expect(notes).toEqual([expect.stringMatching(/field mine of .* are unverified/)]);
  });
});

describe('locateCodes', () => {
  it('refuses codes of another compressor, naming both and what to do', async () => {
    const { train, beside } = await project();
    for (const path of [train, beside])
      await expect(locateCodes(path, await gzip(1), AUTO)).rejects.toMatchObject({
        code: 'data',
        message: expect.stringMatching(/are of gzip:zlib-canonical:level=9, .* is gzip:zlib-canonical:level=1$/),
        location: { file: join(beside, 'manifest.json'), field: 'pc_gzip' },
        hint: expect.stringMatching(/pc preprocess.*data.precomputed to ignore/),
      });
    const named = locateCodes(beside, await gzip(1), { codeField: 'pc_gzip', precomputed: 'auto' });
    await expect(named).rejects.toMatchObject({ code: 'data' });
    const ignored = await locateCodes(train, await gzip(1), { codeField: null, precomputed: 'ignore' });
    expect(ignored).toEqual({ path: train, codeField: null, note: null });
  });

  it('refuses codes of what the source held before', async () => {
    const { train, beside } = await project();
    writeFileSync(join(train, 'b.jsonl'), jsonl(['more than before']));
    await expect(locateCodes(train, await gzip(), AUTO)).rejects.toMatchObject({
      message: expect.stringMatching(/made of other data .* b.jsonl of 13 bytes, now b.jsonl of 28 bytes/),
    });
    rmSync(train, { recursive: true });
    expect(await locateCodes(train, await gzip(), AUTO)).toMatchObject({ path: beside, codeField: 'pc_gzip' });
  });

  it('encodes while reading where there are codes of other compressors only, unless codes are required', async () => {
    const { train } = await project({ compressors: [builtin('halfbyte')] });
    const compressor = await gzip();
    expect(await locateCodes(train, compressor, AUTO)).toEqual({ path: train, codeField: null, note: null });
    const required = locateCodes(train, compressor, { codeField: null, precomputed: 'require' });
    await expect(required).rejects.toMatchObject({ code: 'data', hint: expect.stringContaining('pc preprocess') });
  });

  it('does not take what is half preprocessed', async () => {
    const { train, beside } = await project({ part: { index: 0, count: 2 } });
    const compressor = await gzip();
    expect(await locateCodes(train, compressor, AUTO)).toMatchObject({
      path: train,
      note: expect.stringMatching(/is not finished/),
    });
    await expect(locateCodes(beside, compressor, AUTO)).rejects.toMatchObject({
      message: expect.stringMatching(/only partly/),
    });
  });

  it('names a manifest that is damaged', async () => {
    const { train, beside } = await project();
    const manifest = join(beside, 'manifest.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"alphabetSize": 256', '"alphabetSize": "?"'));
    const located = locateCodes(train, await gzip(), AUTO);
    await expect(located).rejects.toMatchObject({ code: 'data', location: { file: manifest } });
  });
});
