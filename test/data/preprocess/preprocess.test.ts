import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { listDataFiles } from '../../../src/data/data-files.js';
import { readPreprocessedManifest } from '../../../src/data/preprocess/manifest.js';
import { SHARD_FORMATS } from '../../../src/data/preprocess/options.js';
import { recordLines } from '../../../src/data/record-lines.js';
import { acquireLock } from '../../../src/support/directory-lock.js';
import { InterruptedError } from '../../../src/support/errors.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { jsonl, numberedTexts, temporaryData } from '../temporary-data.js';
import { killWhilePreprocessing } from './killed-preprocessing.js';
import { builtin, filesBelow, recordsOf, run } from './temporary-preprocessed.js';

const output = (): string => join(temporaryDirectory(), 'out');

/** What halfbyte stores: the bytes themselves (see its field). */
const stored = (text: string): string => Buffer.from(text).toString('base64');

describe('records', () => {
  it('are written as they were, with a field for each compressor at their end', async () => {
    const lines = [
      '{"path": "a.c", "size": 12345678901234567890, "text": "caf\\u00e9"}  ',
      '{"content":"x","text":null,"nested":{"a":[1,2.50]}}\r',
    ];
    const folder = temporaryData({ 'a.jsonl': `\uFEFF${lines[0]}\n\n${lines[1]}` });
    const out = output();
    await run(folder, out, { compressors: [builtin('halfbyte'), builtin('doublebyte')] });
    const codes = (text: string) => `"pc_halfbyte":"${stored(text)}","pc_doublebyte":"${stored(text)}"`;
    expect(readFileSync(join(out, 'a.jsonl'), 'utf8')).toBe(
      `{"path": "a.c", "size": 12345678901234567890, "text": "caf\\u00e9",${codes('café')}}\n` +
        `{"content":"x","text":null,"nested":{"a":[1,2.50]},${codes('x')}}\n`,
    );
  });

  it('without a text are kept without codes, and counted', async () => {
    const folder = temporaryData({ 'a.jsonl': '{"text":""}\n{"text":"b"}\n' });
    const out = output();
    const { datasets } = await run(folder, out, { verify: true });
    expect(recordsOf(readFileSync(join(out, 'a.jsonl'), 'utf8'))).toEqual([
      { text: '' },
      { text: 'b', pc_halfbyte: stored('b') },
    ]);
    expect(datasets).toMatchObject([{ documents: 1, empty: 1, skipped: 0, textBytes: 1, verified: true }]);
  });

  it('keep their order over many blocks, files and threads, and are counted', async () => {
    const texts = (file: number) => numberedTexts(40, `file ${file}`).map((text) => text + 'x'.repeat(40_000));
    const files = Object.fromEntries([1, 2, 3, 4].map((i) => [`${i}.jsonl`, jsonl(texts(i))]));
    const out = output();
    const { compressors } = await run(temporaryData(files), out, { workers: 2 });
    let bytes = 0;
    for (const i of [1, 2, 3, 4]) {
      const written = recordsOf(readFileSync(join(out, `${i}.jsonl`), 'utf8')).map(({ text }) => text as string);
      expect(written).toEqual(texts(i));
      bytes += written.reduce((sum, { length }) => sum + length, 0);
    }
    expect(compressors).toMatchObject([
      { name: 'halfbyte', field: 'pc_halfbyte', documents: 160, bytes, symbols: 2 * bytes, bytesPerSymbol: 0.5 },
    ]);
    expect(compressors[0]!.megabytesPerSecondPerThread).toBeGreaterThan(0);
  });

  it.each(SHARD_FORMATS)('are the same in the format %s, and can be read again', async (format) => {
    const records = [
      { text: 'one', stars: 3, share: 0.5, fork: true, tags: ['a'], mixed: 'x' },
      { text: 'two', stars: null, share: 2, fork: false, tags: { b: 1 }, mixed: 7 },
      { text: '', stars: 1 },
    ];
    const folder = temporaryData({ 'a.jsonl': records.map((record) => `${JSON.stringify(record)}\n`).join('') });
    const out = output();
    await run(folder, out, { format, verify: true });
    const [file] = await listDataFiles(out);
    const read: Record<string, unknown>[] = [];
    for await (const { line } of recordLines(file!)) read.push(JSON.parse(Buffer.from(line).toString()));
    const known = read.map((record) =>
      Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null)),
    );
    expect(known).toEqual([
      { ...records[0], pc_halfbyte: stored('one') },
      { text: 'two', share: 2, fork: false, tags: { b: 1 }, mixed: 7, pc_halfbyte: stored('two') },
      { text: '', stars: 1 },
    ]);
    const manifest = await readPreprocessedManifest(out);
    expect(manifest).toMatchObject({
      documents: 2,
      textBytes: 6,
      files: [
        { name: `a.${format}`, input: 'a.jsonl', documents: 2, empty: 1, verified: true, symbols: { halfbyte: 12 } },
      ],
      madeBy: {
        codes: [{ compressor: 'halfbyte', field: 'pc_halfbyte', fingerprint: 'halfbyte:1', alphabetSize: 16 }],
      },
    });
  });

  it('come from compressed files and Parquet as well', async () => {
    const texts = numberedTexts(30);
    const folder = temporaryData({ 'a.jsonl.gz': gzipSync(jsonl(texts)) });
    const [parquet, plain] = [output(), output()];
    await run(folder, parquet, { format: 'parquet' });
    await run(parquet, plain, { compressors: [builtin('doublebyte')], verify: true });
    expect(recordsOf(readFileSync(join(plain, 'a.jsonl'), 'utf8'))).toEqual(
      texts.map((text) => ({ text, pc_halfbyte: stored(text), pc_doublebyte: stored(text) })),
    );
  });

  it('of a file larger than --shard-bytes go on in shards that are listed in order', async () => {
    const texts = numberedTexts(80).map((text) => text + 'y'.repeat(50_000));
    const folder = temporaryData({ 'a.jsonl': jsonl(texts), 'b.jsonl': jsonl(['last']) });
    const out = output();
    await run(folder, out, { shardBytes: 1_500_000 });
    const files = await listDataFiles(out);
    expect(files.map(({ path }) => path.slice(out.length + 1))).toEqual(['a.jsonl', 'a_0002.jsonl', 'b.jsonl']);
    const read = files.flatMap(({ path }) => recordsOf(readFileSync(path, 'utf8')).map(({ text }) => text));
    expect(read).toEqual([...texts, 'last']);
  });

  it('of an empty file make an empty shard', async () => {
    const out = output();
    await run(temporaryData({ 'a.jsonl': '', 'b.jsonl': jsonl(['b']) }), out);
    expect(readFileSync(join(out, 'a.jsonl'), 'utf8')).toBe('');
  });
});

describe('records that cannot be used', () => {
  const BAD: [string, string | Uint8Array, object][] = [
    ['malformed JSON', '{"text": ', { code: 'data', location: { line: 2 } }],
    ['no text', '{"path":"a"}', { code: 'data', location: { line: 2, field: 'text' } }],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), { code: 'data', location: { line: 2 } }],
    ['a lone surrogate', '{"text":"\\ud800"}', { code: 'data', location: { line: 2, field: 'text' } }],
  ];

  const between = (...lines: (string | Uint8Array)[]): Uint8Array =>
    Buffer.concat(
      [jsonl(['good']), ...lines.flatMap((line) => [line, '\n']), jsonl(['more'])].map((part) => Buffer.from(part)),
    );

  it.each(BAD)('such as %s stop it, with file and line', async (_, line, error) => {
    const out = output();
    await expect(run(temporaryData({ 'a.jsonl': between(line) }), out)).rejects.toMatchObject(error);
    expect(existsSync(out)).toBe(false);
  });

  it('are left out and counted if that is asked for', async () => {
    const folder = temporaryData({ 'a.jsonl': between(...BAD.map(([, line]) => line)) });
    const { datasets } = await run(folder, output(), { onBadRecord: 'skip' });
    expect(datasets).toMatchObject([{ documents: 2, skipped: BAD.length, complete: true }]);
  });

  it('are not left out where nothing else is there: a dataset of nothing is no result', async () => {
    const lines = BAD.flatMap(([, line]) => [Buffer.from(line), Buffer.from('\n')]);
    const folder = temporaryData({ 'a.jsonl': Buffer.concat(lines) });
    const out = output();
    await expect(run(folder, out, { onBadRecord: 'skip' })).rejects.toMatchObject({
      code: 'data',
      message: `none of its ${BAD.length} records can be used: nothing would be left of the dataset`,
      location: { file: folder },
    });
    expect(existsSync(join(out, 'manifest.json'))).toBe(false);
  });

  it.each(['fail', 'skip'] as const)(
    'are not those with codes already, which stop it in any case (%s)',
    async (policy) => {
      const folder = temporaryData({ 'a.jsonl': between('{"text":"x","pc_halfbyte":"eA=="}') });
      await expect(run(folder, output(), { onBadRecord: policy })).rejects.toMatchObject({
        code: 'data',
        location: { line: 2, field: 'pc_halfbyte' },
        hint: 'Preprocess the original data, or leave out the compressor.',
      });
    },
  );

  it('do not cost what was finished before them', async () => {
    const folder = temporaryData({ 'a.jsonl': jsonl(['a']), 'b.jsonl': '{' });
    const out = output();
    await expect(run(folder, out)).rejects.toMatchObject({ location: { file: join(folder, 'b.jsonl'), line: 1 } });
    expect(readdirSync(out)).toEqual(['a.jsonl', 'unfinished']);
    const { datasets } = await run(folder, out, { onBadRecord: 'skip' });
    expect(datasets).toMatchObject([{ kept: 1, written: 1, complete: true }]);
    expect(readdirSync(out)).toEqual(['a.jsonl', 'b.jsonl', 'manifest.json']);
  });
});

describe('an output that exists', () => {
  const made = async (more = {}) => {
    const folder = temporaryData({ 'a.jsonl': jsonl(['a1', 'a2']), 'b.jsonl': jsonl(['b']) });
    const out = output();
    await run(folder, out, more);
    return { folder, out, before: filesBelow(out) };
  };

  it('is kept where it is what would be made', async () => {
    const { folder, out, before } = await made();
    expect((await run(folder, out)).datasets).toMatchObject([{ written: 0, kept: 2, complete: true, documents: 3 }]);
    expect(filesBelow(out)).toEqual(before);
  });

  it('has damaged or missing shards made again, and no others', async () => {
    const { folder, out, before } = await made();
    appendFileSync(join(out, 'a.jsonl'), '\n');
    expect((await run(folder, out)).datasets).toMatchObject([{ written: 1, kept: 1, repaired: 1 }]);
    expect(filesBelow(out)).toEqual(before);
    rmSync(join(out, 'b.jsonl'));
    expect((await run(folder, out)).datasets).toMatchObject([{ written: 1, kept: 1, repaired: 1 }]);
    expect(filesBelow(out)).toEqual(before);
  });

  it('is verified when that is asked for, once', async () => {
    const { folder, out } = await made();
    expect((await run(folder, out, { verify: true })).datasets).toMatchObject([{ written: 0, verified: true }]);
    expect((await run(folder, out)).datasets).toMatchObject([{ verified: true }]);
  });

  it('follows the input: shards of files that changed or went are replaced', async () => {
    const { folder, out } = await made();
    writeFileSync(join(folder, 'a.jsonl'), jsonl(['a is longer now']));
    rmSync(join(folder, 'b.jsonl'));
    writeFileSync(join(folder, 'c.jsonl'), jsonl(['c']));
    expect((await run(folder, out)).datasets).toMatchObject([{ written: 2, kept: 0, documents: 2 }]);
    expect(readdirSync(out)).toEqual(['a.jsonl', 'c.jsonl', 'manifest.json']);
    const fresh = output();
    await run(folder, fresh);
    expect(filesBelow(out)).toEqual(filesBelow(fresh));
  });

  it.each([
    ['compressors', { compressors: [builtin('doublebyte')] }, /another set of compressors: halfbyte, now doublebyte/],
    ['formats', { format: 'jsonl.gz' as const }, /another format: jsonl, now jsonl.gz/],
    ['shards', { shardBytes: 7 }, /another size of shards: 1073741824, now 7/],
  ])('with other %s is refused by name', async (_, more, message) => {
    const { folder, out, before } = await made();
    await expect(run(folder, out, more)).rejects.toMatchObject({
      code: 'output',
      message: expect.stringMatching(message),
    });
    expect(filesBelow(out)).toEqual(before);
  });

  it('is replaced by force', async () => {
    const { folder, out } = await made();
    const more = { format: 'jsonl.gz' as const };
    await run(folder, out, { ...more, force: true });
    const fresh = output();
    await run(folder, fresh, more);
    expect(filesBelow(out)).toEqual(filesBelow(fresh));
  });

  it('with other options of a compressor is refused, naming both fingerprints', async () => {
    const { folder, out } = await made({ compressors: [builtin('gzip', { level: 1 })] });
    const again = run(folder, out, { compressors: [builtin('gzip', { level: 9 })] });
    await expect(again).rejects.toThrow(/fingerprint of gzip: gzip:\S+:level=1, now gzip:\S+:level=9/);
  });

  it('that holds anything else is never touched', async () => {
    const folder = temporaryData({ 'a.jsonl': jsonl(['a']) });
    const out = temporaryData({ 'thesis.txt': 'mine' });
    for (const force of [false, true])
      await expect(run(folder, out, { force })).rejects.toMatchObject({ code: 'output' });
    expect(filesBelow(out)).toEqual({ 'thesis.txt': 'mine' });
  });

  it('that another process works on is refused', async () => {
    const folder = temporaryData({ 'a.jsonl': jsonl(['a']) });
    const out = output();
    const lock = await acquireLock(join(out, 'unfinished/parts/0-of-1'));
    await expect(run(folder, out)).rejects.toThrow(/in use by process/);
    const divided = run(folder, out, { part: { index: 0, count: 2 } });
    await expect(divided).rejects.toThrow(/in use by process/);
    await lock.release();
    await run(folder, out);
  });

  it('that cannot be written to is named', async () => {
    const folder = temporaryData({ 'a.jsonl': jsonl(['a']) });
    await expect(run(folder, '/proc/pc-out')).rejects.toMatchObject({ code: 'output' });
    const file = temporaryData({ taken: '' });
    await expect(run(folder, join(file, 'taken'))).rejects.toMatchObject({ code: 'output' });
  });
});

describe('an interrupted run', () => {
  it('keeps its finished shards, and the next one goes on with the rest', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 8 }, (_, i) => [`${i}.jsonl`, jsonl(numberedTexts(50, `${i}`))]),
    );
    const folder = temporaryData(files);
    const [out, whole] = [output(), output()];
    const controller = new AbortController();
    const stopping = run(folder, out, {
      signal: controller.signal,
      progress: ({ done }) => {
        if (done > 6000) controller.abort(new InterruptedError('enough'));
      },
    });
    await expect(stopping).rejects.toThrow('enough');
    const { datasets } = await run(folder, out);
    expect(datasets[0]!.kept).toBeGreaterThan(0);
    expect(datasets[0]!.written).toBeGreaterThan(0);
    await run(folder, whole);
    expect(filesBelow(out)).toEqual(filesBelow(whole));
  });
});

describe('several processes', () => {
  it('make together what one makes, and the last one writes the manifest', async () => {
    const sizes = [5, 80, 3, 40, 40, 1, 20];
    const folder = temporaryData(
      Object.fromEntries(sizes.map((size, i) => [`${i}.jsonl`, jsonl(numberedTexts(size, `${i}`))])),
    );
    const [out, whole] = [output(), output()];
    await run(folder, whole);
    const part = (index: number) => run(folder, out, { part: { index, count: 3 } });
    const [first, second] = await Promise.all([part(0), part(2)]);
    expect([...first.datasets, ...second.datasets].map(({ complete }) => complete)).toEqual([false, false]);
    expect(existsSync(join(out, 'manifest.json'))).toBe(false);
    expect((await part(1)).datasets).toMatchObject([{ complete: true, documents: 189 }]);
    expect(filesBelow(out)).toEqual(filesBelow(whole));
  });

  it('cannot begin anew, and cannot divide the work otherwise meanwhile', async () => {
    const folder = temporaryData({ 'a.jsonl': jsonl(['a']) });
    const part = { index: 0, count: 2 };
    await expect(run(folder, output(), { part, force: true })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('input', () => {
  it('in which two files would become one shard is refused', async () => {
    const folder = temporaryData({ 'a.jsonl': jsonl(['a']), 'a.jsonl.gz': gzipSync(jsonl(['b'])) });
    await expect(run(folder, output())).rejects.toMatchObject({
      code: 'data',
      message: expect.stringMatching(/same shard/),
    });
  });

  it('that is missing or truncated is named', async () => {
    await expect(run('/nowhere', output())).rejects.toMatchObject({ code: 'data', location: { file: '/nowhere' } });
    const cut = gzipSync(jsonl(numberedTexts(500))).subarray(0, 300);
    const folder = temporaryData({ 'a.jsonl.gz': cut });
    await expect(run(folder, output())).rejects.toMatchObject({
      code: 'data',
      location: { file: join(folder, 'a.jsonl.gz') },
    });
  });
});

describe('kill -9 at random instants', () => {
  it('loses and doubles nothing: the output is that of a run that was never killed', () => killWhilePreprocessing(1));
});
