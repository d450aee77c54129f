import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { type Cursor, DataSource, type DocumentStream, type SourceOptions } from '../../src/data/document-stream.js';
import { jsonl, numberedTexts, temporaryData } from './temporary-data.js';

const OPTIONS: SourceOptions = { seed: 1, shuffle: true, onBadRecord: 'fail', blockBytes: 1000, codeField: null };

const open = (folder: string, rows: number, options: Partial<SourceOptions> = {}) =>
  DataSource.open('train', folder, rows, { ...OPTIONS, ...options });

async function take(stream: DocumentStream): Promise<string> {
  return Buffer.from((await stream.take({ bad: 0, empty: 0 })).document.bytes).toString();
}

/** The documents of a row until its epoch ends. */
async function epochOf(stream: DocumentStream, epoch: number): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const { document, at } = await stream.take({ bad: 0, empty: 0 });
    if (at.epoch !== epoch) {
      await stream.seek(at);
      return texts;
    }
    texts.push(Buffer.from(document.bytes).toString());
  }
}

async function epochOfAllRows(source: DataSource, rows: number, epoch: number): Promise<string[]> {
  const texts: string[] = [];
  for (let row = 0; row < rows; row++) {
    const stream = source.stream(row);
    await stream.seek({ epoch, unit: 0, block: null, index: 0 });
    texts.push(...(await epochOf(stream, epoch)));
    await stream.close();
  }
  return texts;
}

const parquet = (texts: string[], rowGroupSize: number) =>
  new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'text', data: texts, type: 'STRING' }], rowGroupSize }));

/** A zstd frame of one block that is stored as it is; of up to 255 bytes. */
function storedZstd(text: string): Uint8Array {
  const content = Buffer.from(text);
  const header = (content.length << 3) | 1;
  return Buffer.from([
    ...[0x28, 0xb5, 0x2f, 0xfd, 0x20, content.length],
    ...[header & 0xff, header >> 8, 0],
    ...content,
  ]);
}

describe('every document is read exactly once an epoch, by all rows together', () => {
  it('for any number of files, rows and documents, with bytes cut anywhere', async () => {
    const files = fc.array(fc.array(fc.string({ minLength: 1, maxLength: 40 }), { maxLength: 12 }), {
      minLength: 1,
      maxLength: 5,
    });
    const wellFormed = (text: string) => !/\p{Surrogate}/u.test(text);
    await fc.assert(
      fc.asyncProperty(
        files,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 300 }),
        async (all, rows, blockBytes) => {
          const texts = all.map((file, i) => file.filter(wellFormed).map((text, j) => `${i}.${j} ${text}`));
          texts.push(['one at least']);
          const folder = temporaryData(Object.fromEntries(texts.map((file, i) => [`${i}.jsonl`, jsonl(file)])));
          const source = await open(folder, rows, { blockBytes });
          for (const epoch of [0, 1]) {
            expect((await epochOfAllRows(source, rows, epoch)).sort()).toEqual(texts.flat().sort());
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  const texts = numberedTexts(200);
  it.each([
    ['one compressed file, shared by the rows', { 'a.jsonl.gz': gzipSync(jsonl(texts)) }],
    ['fewer row groups than rows', { 'a.parquet': parquet(texts, 67) }],
    ['more row groups than rows', { 'a.parquet': parquet(texts, 9) }],
    [
      'all formats together',
      {
        'a.jsonl.gz': gzipSync(jsonl(texts.slice(0, 50))),
        'b.jsonl': jsonl(texts.slice(50, 130)),
        'c.parquet': parquet(texts.slice(130), 30),
      },
    ],
  ])('in %s', async (_, files) => {
    const source = await open(temporaryData(files), 8);
    expect((await epochOfAllRows(source, 8, 0)).sort()).toEqual([...texts].sort());
    expect((await epochOfAllRows(source, 8, 3)).sort()).toEqual([...texts].sort());
  });

  it('in a zstd file that several rows share', async () => {
    const folder = temporaryData({
      'a.jsonl.zst': readFileSync(new URL('../fixtures/data/many.jsonl.zst', import.meta.url)),
    });
    const found = await epochOfAllRows(await open(folder, 3), 3, 0);
    expect(new Set(found).size).toBe(2000);
    expect(found).toHaveLength(2000);
  });
});

describe('DocumentStream', () => {
  it('orders every epoch anew, and the same for the same seed', async () => {
    const folder = temporaryData({ 'a.jsonl': jsonl(numberedTexts(60)) });
    const order = async (seed: number, epoch: number) => epochOfAllRows(await open(folder, 2, { seed }), 2, epoch);
    expect(await order(1, 0)).toEqual(await order(1, 0));
    expect(await order(1, 0)).not.toEqual(await order(1, 1));
    expect(await order(1, 0)).not.toEqual(await order(2, 0));
  });

  it('keeps the order of the files where shuffling is off', async () => {
    const texts = numberedTexts(60);
    const folder = temporaryData({ 'a.jsonl': jsonl(texts.slice(0, 20)), 'b.jsonl': jsonl(texts.slice(20)) });
    expect(await epochOfAllRows(await open(folder, 1, { shuffle: false }), 1, 0)).toEqual(texts);
  });

  it.each([
    ['.jsonl', { 'a.jsonl': jsonl(numberedTexts(90)) }],
    ['.jsonl.gz', { 'a.jsonl.gz': gzipSync(jsonl(numberedTexts(90))) }],
    ['.parquet', { 'a.parquet': parquet(numberedTexts(90), 40) }],
  ])('goes on exactly from any document of %s', async (_, files) => {
    const source = await open(temporaryData(files), 2);
    const stream = source.stream(1);
    const read: { text: string; after: Cursor }[] = [];
    for (let i = 0; i < 120; i++) read.push({ text: await take(stream), after: stream.cursor });
    for (let i = 0; i < read.length - 1; i += 11) {
      const resumed = source.stream(1);
      await resumed.seek(read[i]!.after);
      expect(await take(resumed)).toBe(read[i + 1]!.text);
      await resumed.close();
    }
  });

  it('goes on to the next epoch where a row has no documents', async () => {
    const source = await open(temporaryData({ 'a.jsonl': jsonl(['only one']) }), 8);
    for (let row = 0; row < 8; row++) expect(await take(source.stream(row))).toBe('only one');
  });

  const few = ['one', 'two'];
  describe.each([
    ['.jsonl', { 'a.jsonl': jsonl(few) }],
    ['.jsonl.gz', { 'a.jsonl.gz': gzipSync(jsonl(few)) }],
    ['.jsonl.zst', { 'a.jsonl.zst': storedZstd(jsonl(few)) }],
    ['.parquet', { 'a.parquet': parquet(few, 2) }],
  ])('with fewer documents than rows in %s', (_, files) => {
    it.each([true, false])('gives every row all of them in its turn (shuffle: %s)', async (shuffle) => {
      const source = await open(temporaryData(files), 8, { shuffle });
      for (let row = 0; row < 8; row++) {
        const stream = source.stream(row);
        const found = new Set<string>();
        for (let i = 0; i < 24; i++) found.add(await take(stream));
        expect([...found].sort()).toEqual(few);
        await stream.close();
      }
      for (const epoch of [0, 5, 8]) expect((await epochOfAllRows(source, 8, epoch)).sort()).toEqual(few);
    });

    it('gives a row each of them once in as many epochs as there are rows, if nothing is shuffled', async () => {
      const source = await open(temporaryData(files), 8, { shuffle: false });
      for (let row = 0; row < 8; row++) {
        const stream = source.stream(row);
        const epochs: Record<string, number[]> = { one: [], two: [] };
        for (let i = 0; i < 4; i++) {
          const { document, at } = await stream.take({ bad: 0, empty: 0 });
          epochs[Buffer.from(document.bytes).toString()]!.push(at.epoch);
        }
        for (const [first, second] of Object.values(epochs)) expect(second).toBe(first! + 8);
        await stream.close();
      }
    });
  });

  it.each([true, false])('gives up where the documents are gone from the files (shuffle: %s)', async (shuffle) => {
    const content = jsonl(few);
    const folder = temporaryData({ 'a.jsonl': content });
    const stream = (await open(folder, 8, { shuffle })).stream(3);
    await take(stream);
    writeFileSync(join(folder, 'a.jsonl'), '\n'.repeat(content.length));
    await expect(take(stream)).rejects.toMatchObject({
      code: 'data',
      message: 'the source "train" has no documents any more',
      location: { file: folder },
    });
  });

  it('counts what it passes over', async () => {
    const folder = temporaryData({ 'a.jsonl': `${jsonl(['', 'good', ''])}{"cut\n` });
    const stream = (await open(folder, 1, { onBadRecord: 'skip' })).stream(0);
    const passedOver = { bad: 0, empty: 0 };
    for (let i = 0; i < 3; i++) await stream.take(passedOver);
    // Three whole epochs or parts of them: at least two are complete.
    expect(passedOver.bad).toBeGreaterThanOrEqual(2);
    expect(passedOver.empty).toBeGreaterThanOrEqual(4);
  });
});

describe('DataSource', () => {
  it.each([
    ['an empty file', ''],
    ['nothing but empty documents', jsonl(['', ''])],
    ['blank lines', '\n\n \n'],
  ])('refuses %s', async (_, content) => {
    const folder = temporaryData({ 'a.jsonl': content });
    await expect(open(folder, 2)).rejects.toMatchObject({ code: 'data', location: { file: folder } });
  });

  it('tells data apart that is cut differently, or is other data of the same names and sizes', async () => {
    const fingerprint = async (files: Record<string, string>, rows: number) =>
      (await open(temporaryData(files), rows)).partition.fingerprint;
    const data = { 'a.jsonl': jsonl(numberedTexts(10)) };
    const reversed = jsonl(numberedTexts(10).reverse());
    expect(reversed).toHaveLength(data['a.jsonl'].length);
    expect(await fingerprint(data, 2)).toBe(await fingerprint(data, 2));
    expect(await fingerprint(data, 2)).not.toBe(await fingerprint(data, 4));
    expect(await fingerprint(data, 2)).not.toBe(await fingerprint({ 'a.jsonl': reversed }, 2));
    expect(await fingerprint(data, 2)).not.toBe(await fingerprint({ 'b.jsonl': data['a.jsonl'] }, 2));
  });
});
