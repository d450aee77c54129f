import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Batch, BatchAssembler } from '../../src/data/batches.js';
import { type Loader, type LoaderOptions, openLoader } from '../../src/data/loader.js';
import {
  BUILTIN_ENTRY,
  type CompressorDescriptor,
  instantiateCompressor,
} from '../../src/plugins/compressor-instance.js';
import { DataError } from '../../src/support/errors.js';
import { settings } from './settings.js';
import { jsonl, numberedTexts, temporaryData } from './temporary-data.js';

const gzip: CompressorDescriptor = { entryUrl: BUILTIN_ENTRY, name: 'gzip', options: {}, artifactsDirectory: '' };

const opened: Loader[] = [];
afterEach(async () => {
  for (const loader of opened.splice(0)) await loader.close();
});

async function open(options: Partial<LoaderOptions> & { folder: string }): Promise<Loader> {
  const { folder, ...others } = options;
  const loader = await openLoader({ ...settings(folder), compressor: gzip, prefetch: 2, fromState: null, ...others });
  opened.push(loader);
  return loader;
}

async function take(loader: Loader, count: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (let i = 0; i < count; i++) batches.push(await loader.next());
  return batches;
}

describe('openLoader', () => {
  it('hands out the batches that the assembler makes, in order', async () => {
    const folder = temporaryData({ 'a.jsonl': jsonl(numberedTexts(100)) });
    const assembler = await BatchAssembler.open(settings(folder), await instantiateCompressor(gzip), null);
    for (const batch of await take(await open({ folder }), 10)) expect(batch).toEqual(await assembler.next());
    await assembler.close();
  });

  it('goes on from the state of the last batch consumed, whatever was loaded ahead', async () => {
    const folder = temporaryData({ 'a.jsonl': jsonl(numberedTexts(100)) });
    const whole = await take(await open({ folder }), 8);
    const interrupted = await open({ folder, prefetch: 6 });
    const state = (await take(interrupted, 3))[2]!.state;
    await interrupted.close();
    expect(await take(await open({ folder, prefetch: 1, fromState: state }), 5)).toEqual(whole.slice(3));
  });

  it('answers many calls made at once in their order', async () => {
    const folder = temporaryData({ 'a.jsonl': jsonl(numberedTexts(100)) });
    const loader = await open({ folder, prefetch: 1 });
    const batches = await Promise.all(Array.from({ length: 6 }, () => loader.next()));
    expect(batches.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('ends with a DataError when a batch cannot be received', async () => {
    const sent = vi.spyOn(Worker.prototype, 'postMessage');
    const loader = await open({ folder: temporaryData({ 'a.jsonl': jsonl(numberedTexts(100)) }), prefetch: 1 });
    (sent.mock.contexts[0] as Worker).emit('messageerror', new Error('no such class'));
    sent.mockRestore();
    const taken = Promise.all([loader.next(), loader.next(), loader.next()]);
    await expect(taken).rejects.toThrow(DataError);
    await expect(taken).rejects.toThrow('unreadable: no such class');
  });

  it('reports an error of its sources as the error it is, with its place', async () => {
    const folder = temporaryData({ 'readme.md': '' });
    await expect(open({ folder })).rejects.toBeInstanceOf(DataError);
    await expect(open({ folder })).rejects.toMatchObject({ location: { file: folder }, hint: expect.any(String) });
  });

  it('reports an unknown compressor and its bad options', async () => {
    const folder = temporaryData({ 'a.jsonl': jsonl(['x']) });
    await expect(open({ folder, compressor: { ...gzip, name: 'nothing' } })).rejects.toMatchObject({ code: 'plugin' });
    await expect(open({ folder, compressor: { ...gzip, options: { level: 12 } } })).rejects.toMatchObject({
      code: 'config',
    });
  });

  it('hands out what came before a bad record, then the error, then nothing else', async () => {
    const folder = temporaryData({ 'a.jsonl': jsonl(numberedTexts(200)) });
    const file = join(folder, 'a.jsonl');
    appendFileSync(file, '{"text":\n');
    const of = settings(folder, { shuffle: false }, { batch: { size: 1, accumulation: 1, sequenceLength: 64 } });
    const loader = await open({ folder, ...of });
    const failure: unknown = await take(loader, 10_000).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DataError);
    expect(failure).toMatchObject({ location: { file, line: 201 } });
    await expect(loader.next()).rejects.toBe(failure);
  });

  it('refuses calls that wait when it is closed, and further ones', async () => {
    const folder = temporaryData({ 'a.jsonl': jsonl(numberedTexts(100)) });
    const loader = await open({ folder, prefetch: 1 });
    const settled = Promise.allSettled(Array.from({ length: 500 }, () => loader.next()));
    await loader.close();
    const results = await settled;
    expect(results.at(-1)).toMatchObject({ status: 'rejected' });
    await expect(loader.next()).rejects.toThrow(/closed/);
  });
});
