import { copyFileSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { type ReadDocumentsOptions, readDocuments } from '../../src/data/documents.js';
import { DataError } from '../../src/support/errors.js';
import { jsonl, numberedTexts, temporaryData } from './temporary-data.js';

async function texts(path: string, options: ReadDocumentsOptions = { onBadRecord: 'fail' }): Promise<string[]> {
  const found: string[] = [];
  for await (const { bytes } of readDocuments(path, options)) found.push(Buffer.from(bytes).toString('utf8'));
  return found;
}

async function failure(path: string): Promise<DataError> {
  const error: unknown = await texts(path).then(
    () => new Error('nothing was wrong'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof DataError)) throw error;
  return error;
}

const fixture = (name: string) => new URL(`../fixtures/data/${name}`, import.meta.url);

function parquet(columns: Record<string, (string | null)[]>, rowGroupSize?: number): Uint8Array {
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: Object.entries(columns).map(([name, data]) => ({ name, data, type: 'STRING', nullable: true })),
      rowGroupSize,
    }),
  );
}

describe('readDocuments reads every format', () => {
  const expected = numberedTexts(300);

  it.each([
    ['.jsonl', 'a.chunk.1.jsonl', Buffer.from(jsonl(expected))],
    ['.jsonl.gz', 'a.jsonl.gz', gzipSync(jsonl(expected))],
    [
      '.jsonl.gz of several members',
      'a.jsonl.gz',
      Buffer.concat([gzipSync(jsonl(expected.slice(0, 10))), gzipSync(jsonl(expected.slice(10)))]),
    ],
    ['.parquet in one row group', 'a.parquet', parquet({ text: expected })],
    ['.parquet in many row groups', 'a.parquet', parquet({ other: expected, content: expected }, 7)],
  ])('%s', async (_, name, content) => {
    expect(await texts(temporaryData({ [name]: content }))).toEqual(expected);
  });

  it('.jsonl.zst', async () => {
    const found = await texts(fixture('many.jsonl.zst').pathname);
    expect(found).toHaveLength(2000);
    expect(found[1999]).toBe(`document 1999: ${'x'.repeat(1999 % 97)}`);
  });

  it('.jsonl.zst of several frames, blank lines and a last line without line feed', async () => {
    const passedOver = { bad: 0, empty: 0 };
    const path = fixture('two-frames.jsonl.zst').pathname;
    expect(await texts(path, { onBadRecord: 'fail', passedOver })).toEqual([
      'first',
      'zweite Zeile ü',
      'third',
      'fourth, without a line feed',
    ]);
    expect(passedOver).toEqual({ bad: 0, empty: 1 });
  });
});

describe('readDocuments', () => {
  it('takes the files of a folder in the order of their names', async () => {
    const folder = temporaryData({ 'b.jsonl': jsonl(['3']), 'a.jsonl': jsonl(['1', '2']), 'manifest.json': '{}' });
    expect(await texts(folder)).toEqual(['1', '2', '3']);
  });

  it('prefers `text` and else takes `content`', async () => {
    const lines = '{"content":"no","text":"yes"}\n{"content":"also","text":null}\n';
    expect(await texts(temporaryData({ 'a.jsonl': lines }))).toEqual(['yes', 'also']);
  });

  it('reads past a byte order mark, carriage returns and a last line without line feed', async () => {
    const lines = '\ufeff{"text":"one"}\r\n\r\n{"text":"two"}';
    expect(await texts(temporaryData({ 'a.jsonl': lines, 'b.jsonl.gz': gzipSync(lines) }))).toEqual([
      ...['one', 'two'],
      ...['one', 'two'],
    ]);
  });

  it('passes over empty documents and counts them', async () => {
    const passedOver = { bad: 0, empty: 0 };
    const folder = temporaryData({ 'a.jsonl': jsonl(['', 'one', '']), 'empty.jsonl': '' });
    expect(await texts(folder, { onBadRecord: 'fail', passedOver })).toEqual(['one']);
    expect(passedOver.empty).toBe(2);
  });

  it('reads a single line of 50 MB', async () => {
    const long = 'abcdefghi\n'.repeat(5_000_000);
    const [found, ...others] = await texts(temporaryData({ 'a.jsonl': jsonl([long, 'short']) }));
    expect(found === long).toBe(true);
    expect(others).toEqual(['short']);
  });

  it.each([
    ['.jsonl', { 'a.jsonl': jsonl(['one', '', 'two']) }],
    ['.jsonl.gz', { 'a.jsonl.gz': gzipSync(jsonl(['one', '', 'two'])) }],
  ])('tells the file and the line of a document of %s', async (_, files) => {
    const folder = temporaryData(files);
    const places: unknown[] = [];
    for await (const { locate } of readDocuments(folder, { onBadRecord: 'fail' })) places.push(await locate());
    const [name] = Object.keys(files);
    expect(places).toEqual([1, 3].map((line) => ({ file: join(folder, name!), line })));
  });

  it('carries the code fields asked for, and no others', async () => {
    const line = '{"text":"t","m1_ac_ow16":"AA","m1_ac_ow20":"BB","other_ac_b64":"CC"}\n';
    const folder = temporaryData({ 'a.jsonl': line });
    const codesOf = async (codeField: string) => {
      const first = await readDocuments(folder, { onBadRecord: 'fail', codeField }).next();
      return first.done ? [] : [...first.value.codes];
    };
    expect(await codesOf('m1_ac_*')).toEqual([
      ['m1_ac_ow16', 'AA'],
      ['m1_ac_ow20', 'BB'],
    ]);
    expect(await codesOf('m1_ac_ow20')).toEqual([['m1_ac_ow20', 'BB']]);
    await expect(codesOf('m1_bc')).rejects.toMatchObject({ location: { line: 1, field: 'm1_bc' } });
  });
});

describe('bad records', () => {
  const good = '{"text":"good"}\n';
  const cases: [string, string | Uint8Array, RegExp, string | undefined][] = [
    ['malformed JSON', '{"text":"cut', /malformed JSON/, undefined],
    ['no object', '["text"]', /not a JSON object/, undefined],
    ['a missing text field', '{"body":"x"}', /no text \(its fields: body\)/, 'text'],
    ['a text that is no string', '{"text":7}', /is a number/, 'text'],
    ['a lone surrogate', '{"text":"a\\ud800b"}', /lone surrogate/, 'text'],
    ['invalid UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), /not valid UTF-8/, undefined],
  ];

  it.each(cases)('%s stops the reading and names file, line and field', async (_, bad, message, field) => {
    const lines = Buffer.concat([Buffer.from(`\n${good}`), Buffer.from(bad), Buffer.from(`\n${good}`)]);
    for (const [name, content] of [
      ['a.jsonl', lines],
      ['a.jsonl.gz', gzipSync(lines)],
    ] as const) {
      const folder = temporaryData({ [name]: content });
      const error = await failure(folder);
      expect(error.message).toMatch(message);
      expect(error.location).toEqual({ file: join(folder, name), line: 3, ...(field && { field }) });
      expect(error.hint).toBeTruthy();
    }
  });

  it('are counted and passed over on request', async () => {
    const lines = Buffer.concat([
      Buffer.from(good),
      ...cases.flatMap(([, bad]) => [Buffer.from(bad), Buffer.from('\n')]),
    ]);
    const passedOver = { bad: 0, empty: 0 };
    const folder = temporaryData({ 'a.jsonl': lines });
    expect(await texts(folder, { onBadRecord: 'skip', passedOver })).toEqual(['good']);
    expect(passedOver.bad).toBe(cases.length);
  });

  it('in Parquet are named by their row', async () => {
    const error = await failure(temporaryData({ 'a.parquet': parquet({ text: ['one', null, 'three'] }) }));
    expect(error.location).toMatchObject({ line: 2, field: 'text' });
  });
});

describe('damaged and missing files', () => {
  it('a Parquet file without a column of text', async () => {
    const error = await failure(temporaryData({ 'a.parquet': parquet({ body: ['one'], id: ['1'] }) }));
    expect(error.message).toContain('body, id');
    expect(error.location).toMatchObject({ field: 'text' });
  });

  it.each([
    ['truncated gzip', 'a.jsonl.gz', gzipSync(jsonl(numberedTexts(500))).subarray(0, 400)],
    ['no gzip at all', 'a.jsonl.gz', Buffer.from('{"text":"x"}\n')],
    ['no zstd at all', 'a.jsonl.zst', Buffer.from('{"text":"x"}\n')],
    ['truncated zstd', 'a.jsonl.zst', readFileSync(fixture('many.jsonl.zst')).subarray(0, 5000)],
    ['truncated Parquet', 'a.parquet', parquet({ text: numberedTexts(50) }).subarray(0, 300)],
  ])('%s', async (_, name, content) => {
    const folder = temporaryData({ [name]: content });
    const error = await failure(folder);
    expect(error.message).toMatch(/not readable as/);
    expect(error.location.file).toBe(join(folder, name));
  });

  it('a folder without data files', async () => {
    const folder = temporaryData({ 'readme.md': 'hello' });
    expect((await failure(folder)).location.file).toBe(folder);
  });

  it('a folder that is not there', async () => {
    expect((await failure('/nowhere/at/all')).hint).toMatch(/pc data import/);
  });

  it('a file that becomes shorter while it is read', async () => {
    const folder = temporaryData({ 'a.jsonl': jsonl(numberedTexts(200_000)), 'b.jsonl': jsonl(['x']) });
    const path = join(folder, 'a.jsonl');
    const reading = readDocuments(folder, { onBadRecord: 'fail' });
    await reading.next();
    copyFileSync(join(folder, 'b.jsonl'), path);
    truncateSync(path, 10);
    const drain = async () => {
      for await (const _ of reading);
    };
    await expect(drain()).rejects.toThrow(/became shorter/);
  });
});
