import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { jsonl, numberedTexts } from '../temporary-data.js';
import { COMMIT, CONVERTED_COMMIT, type FakeDataset, fakeHub, parquet } from './fake-hub.js';
import type { Fault, SeenRequest } from './misbehaving-server.js';
import { download, hubRequest, recordsOf, textsOf } from './run-download.js';

const name = 'owner/name';
const fresh = () => join(temporaryDirectory(), 'data');

/** Downloads a dataset with these files. */
async function run(
  dataset: Partial<FakeDataset>,
  request: Parameters<typeof hubRequest>[0] = {},
  { fault, ...options }: { fault?: (request: SeenRequest) => Fault | undefined } & Parameters<typeof download>[2] = {},
) {
  const server = await fakeHub({ name, files: {}, ...dataset }, { fault });
  const output = fresh();
  const report = await download(server, hubRequest(request), { output, ...options });
  return { server, output, report };
}

describe('downloading a dataset of the hub', () => {
  it('takes the texts of all Parquet files of the split, in order, and pins the commit', async () => {
    const texts = numberedTexts(23);
    const { output, report } = await run({
      files: {
        'README.md': '# card',
        'data/train-00000-of-00002.parquet': parquet({ text: texts.slice(0, 10) }),
        'data/train-00001-of-00002.parquet': parquet({ text: texts.slice(10) }),
        'data/test-00000-of-00001.parquet': parquet({ text: ['held out'] }),
      },
    });
    expect(textsOf(output)).toEqual(texts);
    expect(report.manifest).toMatchObject({
      documents: 23,
      madeBy: {
        command: 'data download',
        dataset: name,
        commit: COMMIT,
        files: ['data/train-00000-of-00002.parquet', 'data/train-00001-of-00002.parquet'],
      },
    });
    expect(JSON.parse(readFileSync(join(output, 'manifest.json'), 'utf8'))).toEqual(report.manifest);
    expect(existsSync(`${output}.download`)).toBe(false);
  });

  it('fetches only the footer and the columns that are wanted', async () => {
    const texts = numberedTexts(8);
    // Digits of random bytes hardly compress.
    const heavy = texts.map(() => randomBytes(200_000).toString('base64'));
    const file = parquet({ content: texts, heavy, path: texts.map((_, i) => `p${i}`) });
    const { output, report } = await run({ files: { 'a.parquet': file } }, { keep: ['path'] });
    expect(recordsOf(output)[1]).toEqual({ text: texts[1], path: 'p1' });
    expect(file.length).toBeGreaterThan(1_500_000);
    // 512 kB are fetched from the end for the footer.
    expect(report.received).toBeLessThan(600_000);
  });

  it('reads JSONL, plain and compressed, and checks it against the checksum of the hub', async () => {
    const [a, b] = [numberedTexts(5, 'a'), numberedTexts(5, 'b')];
    const { output } = await run({
      files: { 'a.jsonl': jsonl(a), 'b.jsonl.gz': gzipSync(jsonl(b)) },
      small: ['a.jsonl'],
    });
    expect(textsOf(output)).toEqual([...a, ...b]);
  });

  it('takes configurations and splits from the card', async () => {
    const dataset = {
      files: { 'x/one.jsonl': jsonl(['x']), 'y/one.jsonl': jsonl(['y']), 'y/two.jsonl': jsonl(['y held out']) },
      configs: [
        { config_name: 'ex', data_files: 'x/*' },
        {
          config_name: 'why',
          data_files: [
            { split: 'train', path: 'y/one*' },
            { split: 'dev', path: ['y/two.jsonl'] },
          ],
        },
      ],
    };
    const { output } = await run(dataset, { config: 'why', split: 'dev' });
    expect(textsOf(output)).toEqual(['y held out']);
    await expect(run(dataset)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('ex, why') });
    await expect(run(dataset, { config: 'whi' })).rejects.toMatchObject({ hint: 'Did you mean --config-name why?' });
    await expect(run(dataset, { config: 'why', split: 'test' })).rejects.toMatchObject({
      message: `${name} has no split test, but train, dev`,
    });
  });

  it("takes the hub's own conversion where the files are in no format that is read", async () => {
    const dataset = {
      files: { 'train.csv': 'text\na\n' },
      converted: { 'default/train/0000.parquet': parquet({ text: ['a', 'b'] }) },
    };
    const { output, report } = await run(dataset);
    expect(textsOf(output)).toEqual(['a', 'b']);
    expect(report.manifest.madeBy).toMatchObject({ revision: 'refs/convert/parquet', commit: CONVERTED_COMMIT });
    await expect(run(dataset, { revision: 'v1' })).rejects.toMatchObject({ message: expect.stringContaining('at v1') });
    await expect(run({ files: dataset.files })).rejects.toMatchObject({
      message: expect.stringContaining('has not converted it'),
    });
    const partial = { ...dataset, converted: { 'default/partial-train/0000.parquet': parquet({ text: ['a'] }) } };
    await expect(run(partial)).rejects.toMatchObject({ message: expect.stringContaining('only a part') });
  });

  it('finds the column of the text, or says which there are', async () => {
    const files = (columns: Record<string, string[]>) => ({ files: { 'a.parquet': parquet(columns) } });
    const { output } = await run(files({ code: ['let x'], path: ['p'] }));
    expect(textsOf(output)).toEqual(['let x']);
    await expect(run(files({ body: ['a'], path: ['p'] }))).rejects.toMatchObject({
      code: 'data',
      message: 'no column is named text, content, code (the columns: body, path)',
    });
    await expect(run(files({ text: ['a'], code: ['p'] }))).rejects.toMatchObject({
      message: 'the text may be in text or code (the columns: text, code)',
    });
    await expect(run(files({ body: ['a'] }), { textColumn: 'bodi' })).rejects.toMatchObject({
      hint: 'Did you mean body?',
    });
    const { output: named } = await run(
      { files: { 'a.jsonl': '{"body":"b","n":1}\n' } },
      { textColumn: 'body', keep: ['n'] },
    );
    expect(recordsOf(named)).toEqual([{ text: 'b', n: 1 }]);
  });

  it('does not let a column that is kept take the place of the text', async () => {
    const dataset = { files: { 'a.jsonl': '{"content":"code","text":"about it"}\n' } };
    await expect(run(dataset, { textColumn: 'content', keep: ['text'] })).rejects.toMatchObject({
      code: 'data',
      location: { field: 'text' },
    });
    const { output } = await run(dataset, { textColumn: 'text', keep: ['content', 'text'] });
    expect(recordsOf(output)).toEqual([{ text: 'about it', content: 'code' }]);
  });

  it('leaves nothing behind when the command was a mistake', async () => {
    const server = await fakeHub({ name, files: { 'a.parquet': parquet({ body: ['a'] }) } });
    const output = fresh();
    await expect(download(server, hubRequest(), { output })).rejects.toMatchObject({ code: 'data' });
    await download(server, hubRequest({ textColumn: 'body' }), { output });
    expect(readdirSync(join(output, '..'))).toEqual(['data']);
  });

  it('takes so many documents or bytes from the beginning, and no row group that is not needed', async () => {
    const texts = Array.from({ length: 400 }, (_, i) => String(i).padStart(10, '0'));
    const dataset = { files: { 'a.parquet': parquet({ text: texts }) } };
    const { output, server } = await run(dataset, { maxSamples: 7 }, { concurrency: 2 });
    expect(textsOf(output)).toEqual(texts.slice(0, 7));
    // The footer, and at most four row groups of the hundred.
    expect(server.seen.filter(({ range }) => range !== undefined).length).toBeLessThan(8);
    const { output: few } = await run(dataset, { maxBytes: 55 });
    expect(textsOf(few)).toEqual(texts.slice(0, 5));
  });

  it.each([
    ['lines', 'a.jsonl', (text: string) => Buffer.from(text)],
    ['compressed lines', 'a.jsonl.gz', (text: string) => gzipSync(text)],
  ])('takes so many from the beginning of %s without fetching the rest', async (_, path, write) => {
    // Random, so that it does not compress; twelve files' worth of the first request.
    const texts = Array.from({ length: 3000 }, () => randomBytes(800).toString('base64'));
    const file = write(jsonl(texts));
    expect(file.length).toBeGreaterThan(2_400_000);
    const { output, report } = await run({ files: { [path]: file } }, { maxSamples: 10 });
    expect(textsOf(output)).toEqual(texts.slice(0, 10));
    expect(report.received).toBeLessThan(400_000);
    // A limit beyond the end takes all, in several requests, each once.
    const all = await run({ files: { [path]: file } }, { maxBytes: 10 ** 9 });
    expect(textsOf(all.output)).toEqual(texts);
    expect(all.report.received).toBeLessThan(file.length + 10_000);
  });

  it('refuses a file that is another one than the hub lists also where not all of it is wanted', async () => {
    const right = jsonl(['right']);
    const fault = ({ path }: SeenRequest): Fault | undefined =>
      path.includes('/resolve/') ? { answer: { body: right.replace('right', 'wrong') } } : undefined;
    await expect(run({ files: { 'a.jsonl': right } }, { maxSamples: 5 }, { fault })).rejects.toMatchObject({
      code: 'download',
      message: expect.stringContaining('has the checksum'),
      hint: expect.stringContaining('--restart'),
    });
  });

  it('refuses a record that cannot be used, or counts it', async () => {
    const dataset = {
      files: { 'a.jsonl': '{"text":"a"}\n[1]\n{"text":""}\n{"text":null}\n{"text":"\\ud800"}\n{"text":"b"}\n' },
    };
    await expect(run(dataset)).rejects.toMatchObject({ code: 'data', location: { file: 'a.jsonl', line: 2 } });
    const { output, report } = await run(dataset, {}, { onBadRecord: 'skip' });
    expect(textsOf(output)).toEqual(['a', 'b']);
    expect(report.leftOut).toEqual({ missing: 0, empty: 2, bad: 2 });
  });

  it('overcomes failures of every kind', async () => {
    const texts = numberedTexts(200);
    const fault = ({ path, before }: SeenRequest): Fault | undefined => {
      if (!path.includes('/resolve/')) return before === 0 ? { answer: { status: 502 } } : undefined;
      const faults: Fault[] = [{ breakAfter: 900 }, { stallAfter: 300 }, { answer: { status: 500 } }, { shortTo: 200 }];
      return faults[before];
    };
    const dataset = { files: { 'a.jsonl': jsonl(texts), 'b.parquet': parquet({ text: texts }) } };
    const { output, server } = await run(dataset, {}, { fault, stallTimeout: 100 });
    expect(textsOf(output)).toEqual([...texts, ...texts]);
    // A file that broke off is gone on with, not begun again.
    expect(server.seen.map(({ path, range }) => (path.endsWith('a.jsonl') ? range : undefined))).toContain(
      'bytes=900-',
    );
  });

  it('gives up where a server without ranges breaks off at the same place each time', async () => {
    const file = jsonl(numberedTexts(20));
    const fault = ({ path }: SeenRequest): Fault | undefined =>
      path.includes('/resolve/') ? { answer: { body: file.slice(0, 50) } } : undefined;
    await expect(run({ files: { 'a.jsonl': file } }, {}, { fault })).rejects.toMatchObject({
      code: 'download',
      message: expect.stringContaining(`50 of ${file.length} bytes came, then the body ended`),
    });
  });

  it('takes no checksum from the hub that would name a file elsewhere', async () => {
    const elsewhere = join(temporaryDirectory(), 'mine.jsonl');
    writeFileSync(elsewhere, '{"text":"private"}\n');
    const output = fresh();
    const up = '../'.repeat(`${output}.download/files`.split('/').length);
    const oid = `${up}${elsewhere.slice(1, -'.jsonl'.length)}`;
    const listing = [{ type: 'file', path: 'a.jsonl', oid: '0'.repeat(40), size: 9, lfs: { oid, size: 9 } }];
    const fault = ({ path }: SeenRequest): Fault | undefined =>
      path.includes('/tree/') ? { answer: { body: JSON.stringify(listing) } } : undefined;
    await expect(run({ files: { 'a.jsonl': '' } }, {}, { fault, output })).rejects.toMatchObject({
      code: 'download',
      message: expect.stringContaining('something else than the hub does'),
    });
    expect(readFileSync(elsewhere, 'utf8')).toBe('{"text":"private"}\n');
  });

  it('tells when a file is another one than the hub lists', async () => {
    const right = jsonl(['right']);
    const fault = ({ path }: SeenRequest): Fault | undefined =>
      path.includes('/resolve/') ? { answer: { body: right.replace('right', 'wrong') } } : undefined;
    await expect(run({ files: { 'a.jsonl': right } }, {}, { fault })).rejects.toMatchObject({
      code: 'download',
      message: expect.stringContaining('has the checksum'),
    });
    const other = ({ path }: SeenRequest): Fault | undefined =>
      path.includes('/resolve/')
        ? { answer: { status: 206, headers: { 'content-range': 'bytes 0-9/10' }, body: '0123456789' } }
        : undefined;
    await expect(run({ files: { 'a.parquet': parquet({ text: ['a'] }) } }, {}, { fault: other })).rejects.toMatchObject(
      {
        message: expect.stringMatching(/has 10 bytes on the server, not the \d+ it is listed with/),
      },
    );
  });

  it.each([
    [{ status: 401, headers: { 'x-error-code': 'GatedRepo' } }, {}, /is gated/, /Accept its conditions.*HF_TOKEN/],
    [
      { status: 403, headers: { 'x-error-code': 'GatedRepo' } },
      { HF_TOKEN: 'hf_x' },
      /is gated/,
      /account of your token/,
    ],
    [{ status: 401, headers: {} }, { HF_TOKEN: 'hf_x' }, /does not accept the access token/, /settings\/tokens/],
    [{ status: 401, headers: { 'x-error-code': 'RepoNotFound' } }, {}, /there is no dataset/, /set HF_TOKEN/],
    [{ status: 404, headers: {} }, { HF_TOKEN: 'hf_x' }, /there is no dataset/, /your token may read it/],
    [{ status: 403, headers: {} }, { HF_TOKEN: 'hf_x' }, /denies access/, /may read this dataset/],
    [{ status: 404, headers: { 'x-error-code': 'RevisionNotFound' } }, {}, /no revision main/, /tree\/main/],
    [{ status: 418, headers: {} }, {}, /answers 418/, /same command/],
    [{ status: 200, headers: {}, body: '<html>' }, {}, /something else than the hub/, /HF_ENDPOINT/],
  ])('says what to do about %j', async (answer, environment, message, hint) => {
    await expect(
      run({}, {}, { environment: environment as Record<string, string>, fault: () => ({ answer }) }),
    ).rejects.toMatchObject({
      code: 'download',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  it('sends the token to the hub alone and writes it nowhere', async () => {
    const files = { 'a.parquet': parquet({ text: ['a'] }) };
    const storage = await fakeHub({ name, files });
    const environment = { HF_TOKEN: 'hf_secret' };
    const fault = ({ path }: SeenRequest): Fault | undefined =>
      path.includes('/resolve/') ? { answer: { status: 302, headers: { location: storage.url + path } } } : undefined;
    const { output, server } = await run({ files }, {}, { environment, fault });
    expect(new Set(server.seen.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer hf_secret']));
    expect(storage.seen.length).toBeGreaterThan(0);
    expect(new Set(storage.seen.map(({ authorization }) => authorization))).toEqual(new Set([undefined]));
    for (const file of readdirSync(output)) expect(readFileSync(join(output, file), 'utf8')).not.toContain('hf_secret');
  });

  it('takes the token from the file that the hub tools write, and shows no part of one that is broken', async () => {
    const home = temporaryDirectory();
    writeFileSync(join(home, 'token'), 'hf_of_the_file\n');
    const files = { 'a.jsonl': jsonl(['a']) };
    const { server } = await run({ files }, {}, { environment: { HF_HOME: home } });
    expect(server.seen[0]!.authorization).toBe('Bearer hf_of_the_file');
    const failure = await run({ files }, {}, { environment: { HF_TOKEN: 'hf_sec\nret' } }).catch(
      (error: Error) => error,
    );
    expect(failure).toMatchObject({ code: 'config', message: expect.stringContaining('HF_TOKEN') });
    expect(JSON.stringify(failure) + String(failure)).not.toMatch(/hf_sec/);
  });

  it('refuses names that are none, and an endpoint with a password without showing it', async () => {
    await expect(run({}, { name: 'squad' })).rejects.toMatchObject({ code: 'usage' });
    await expect(run({}, { name: '../..' })).rejects.toMatchObject({ code: 'usage' });
    const output = fresh();
    await expect(run({}, {}, { output, prefix: '../x' })).rejects.toMatchObject({ code: 'usage' });
    expect(readdirSync(join(output, '..'))).toEqual([]);
    await expect(run({}, {}, { endpoint: 'https://me:secret@example.org' })).rejects.toMatchObject({
      code: 'config',
      message: expect.not.stringContaining('secret'),
    });
  });
});
