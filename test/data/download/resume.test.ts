import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compiled, startModule } from '../../support/child-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { jsonl, numberedTexts } from '../temporary-data.js';
import { fakeHub, parquet } from './fake-hub.js';
import type { Fault, SeenRequest } from './misbehaving-server.js';
import { download, hubRequest, textsOf } from './run-download.js';

const name = 'owner/name';
const texts = numberedTexts(120);
const files = {
  'a.parquet': parquet({ text: texts.slice(0, 60) }),
  'b.jsonl': jsonl(texts.slice(60, 90)),
  'c.parquet': parquet({ text: texts.slice(90) }),
};
const output = () => join(temporaryDirectory(), 'data');

/** Lets requests for files fail for good after so many. */
function failingAfter(count: number): (request: SeenRequest) => Fault | undefined {
  let served = 0;
  return ({ path }) => (path.includes('/resolve/') && ++served > count ? { answer: { status: 503 } } : undefined);
}

describe('going on with a download', () => {
  it.each([0, 1, 5, 16, 17, 24])('loses and doubles nothing after a failure at request %d', async (count) => {
    const folder = output();
    const options = { output: folder, chunkBytes: 700, concurrency: 1 };
    const failing = await fakeHub({ name, files }, { fault: failingAfter(count) });
    await expect(download(failing, hubRequest(), options)).rejects.toMatchObject({ code: 'download' });
    expect(existsSync(folder)).toBe(false);
    const server = await fakeHub({ name, files });
    const resumed = await download(server, hubRequest(), options);
    expect(textsOf(folder)).toEqual(texts);
    expect(readdirSync(join(folder, '..'))).toEqual(['data']);
    const straight = await download(server, hubRequest(), { ...options, output: output() });
    expect(resumed.manifest).toEqual(straight.manifest);
  });

  it('does not fetch again what is done, and stays at the commit', async () => {
    const folder = output();
    const failing = await fakeHub({ name, files }, { fault: failingAfter(20) });
    await expect(download(failing, hubRequest(), { output: folder, concurrency: 1 })).rejects.toThrow();
    const server = await fakeHub({ name, files });
    await download(server, hubRequest(), { output: folder });
    expect(server.seen.filter(({ path }) => path.startsWith('/api/'))).toEqual([]);
    expect(server.seen.filter(({ path }) => path.endsWith('a.parquet'))).toEqual([]);
  });

  it('loses and doubles nothing when the process is killed at any instant', async () => {
    const folder = output();
    const many = numberedTexts(150);
    const slow = await fakeHub({ name, files: { 'a.parquet': parquet({ text: many }), 'b.jsonl': jsonl(many) } });
    const options = {
      request: hubRequest(),
      output: folder,
      endpoint: slow.url,
      concurrency: 2,
      requestsPerSecond: 150,
      attempts: 3,
      stallTimeout: 5000,
      prefix: 'x',
      chunkBytes: 2000,
      onBadRecord: 'fail',
      force: false,
      restart: false,
    };
    const code = `import { downloadDataset } from ${JSON.stringify(compiled('src/data/download/download.js'))};
      await downloadDataset({ ...${JSON.stringify(options)}, progress: () => process.stdout.write('.') },
        { environment: { HF_HOME: '/nonexistent' }, saveInterval: 20 });`;
    let killed = 0;
    for (let round = 1; !existsSync(folder); round++) {
      const child = startModule(code);
      let failure = '';
      child.stderr!.on('data', (text: Buffer) => {
        failure += text.toString();
      });
      child.stdout!.once('data', () => setTimeout(() => child.kill('SIGKILL'), round * 60));
      await new Promise((closed) => child.once('close', closed));
      expect(failure).toBe('');
      if (child.signalCode === 'SIGKILL') killed++;
    }
    expect(killed).toBeGreaterThan(0);
    // Killed while it tidied up, it has only that left to do.
    if (existsSync(`${folder}.download`))
      await download(slow, hubRequest(), { output: folder, chunkBytes: 2000, prefix: 'x' });
    expect(textsOf(folder)).toEqual([...many, ...many]);
    expect(readdirSync(join(folder, '..'))).toEqual(['data']);
  });

  it('begins anew where it was killed before anything was saved', async () => {
    const folder = output();
    const failing = await fakeHub({ name, files }, { fault: failingAfter(5) });
    await expect(download(failing, hubRequest(), { output: folder })).rejects.toThrow();
    rmSync(join(`${folder}.download`, 'progress.json'));
    const server = await fakeHub({ name, files });
    await download(server, hubRequest(), { output: folder });
    expect(textsOf(folder)).toEqual(texts);
  });

  it('goes on with a file of which only the beginning is wanted', async () => {
    const folder = output();
    const request = hubRequest({ maxSamples: 1000 });
    const long = Array.from({ length: 3000 }, (_, i) => `${i} ${'abc '.repeat(200)}`);
    const dataset = { name, files: { 'a.jsonl': jsonl(long) } };
    const failing = await fakeHub(dataset, { fault: failingAfter(2) });
    await expect(download(failing, request, { output: folder })).rejects.toMatchObject({ code: 'download' });
    const server = await fakeHub(dataset);
    await download(server, request, { output: folder });
    expect(textsOf(folder)).toEqual(long.slice(0, 1000));
    // The first two requests asked for 256 and 512 KiB.
    expect(server.seen.map(({ range }) => range)).toEqual([`bytes=${3 * 2 ** 18}-${4 * 2 ** 18 - 1}`]);
  });

  it('refuses other settings than those it was begun with, unless it is to begin again', async () => {
    const folder = output();
    const failing = await fakeHub({ name, files }, { fault: failingAfter(5) });
    await expect(download(failing, hubRequest(), { output: folder })).rejects.toThrow();
    const server = await fakeHub({ name, files });
    const other = hubRequest({ maxSamples: 3 });
    await expect(download(server, other, { output: folder })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('maxSamples was null, not 3'),
      hint: expect.stringContaining('--restart'),
    });
    await download(server, other, { output: folder, restart: true });
    expect(textsOf(folder)).toEqual(texts.slice(0, 3));
  });

  it('refuses a state in a format of another version, unless it is to begin again', async () => {
    const folder = output();
    const failing = await fakeHub({ name, files }, { fault: failingAfter(5) });
    await expect(download(failing, hubRequest(), { output: folder })).rejects.toThrow();
    const plan = join(`${folder}.download`, 'plan.json');
    writeFileSync(plan, JSON.stringify({ ...JSON.parse(readFileSync(plan, 'utf8')), version: 2 }));
    const server = await fakeHub({ name, files });
    await expect(download(server, hubRequest(), { output: folder })).rejects.toMatchObject({
      code: 'data',
      message: expect.stringContaining('its format is 2, not 1'),
      location: { file: plan },
      hint: expect.stringContaining('--restart'),
    });
    await download(server, hubRequest(), { output: folder, restart: true });
    expect(textsOf(folder)).toEqual(texts);
  });

  it('refuses chunks that were changed in between', async () => {
    const folder = output();
    const failing = await fakeHub({ name, files }, { fault: failingAfter(8) });
    const options = { output: folder, chunkBytes: 300, concurrency: 1 };
    await expect(download(failing, hubRequest(), options)).rejects.toThrow();
    writeFileSync(join(`${folder}.download`, 'dataset', 'download.chunk.00001.jsonl'), 'short\n');
    const server = await fakeHub({ name, files });
    await expect(download(server, hubRequest(), options)).rejects.toMatchObject({
      code: 'data',
      hint: expect.stringContaining('--restart'),
    });
  });

  it('keeps what was done when it is stopped', async () => {
    const stop = new AbortController();
    const { InterruptedError } = await import('../../../src/support/errors.js');
    const folder = output();
    const server = await fakeHub({ name, files });
    const progress = ({ documents }: { documents: number }) => {
      if (documents === 40) stop.abort(new InterruptedError('stopped by SIGINT'));
    };
    const stopped = download(server, hubRequest(), {
      output: folder,
      signal: stop.signal,
      progress,
      saveInterval: 1e9,
    });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted', hint: expect.stringContaining('same command') });
    const { resumedFrom } = await download(server, hubRequest(), { output: folder });
    expect(resumedFrom).toBe(40);
    expect(textsOf(folder)).toEqual(texts);
  });

  it('replaces a dataset of ours only when it is told to, and nothing else ever', async () => {
    const server = await fakeHub({ name, files });
    const folder = output();
    await download(server, hubRequest({ maxSamples: 2 }), { output: folder });
    await expect(download(server, hubRequest(), { output: folder })).rejects.toMatchObject({ code: 'output' });
    await download(server, hubRequest(), { output: folder, force: true });
    expect(textsOf(folder)).toEqual(texts);
    const foreign = temporaryDirectory();
    writeFileSync(join(foreign, 'precious'), 'mine');
    await expect(download(server, hubRequest(), { output: foreign, force: true })).rejects.toMatchObject({
      code: 'output',
    });
    expect(readFileSync(join(foreign, 'precious'), 'utf8')).toBe('mine');
  });
});
