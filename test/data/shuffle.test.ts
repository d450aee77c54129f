import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { shuffleDataset } from '../../src/data/shuffle.js';
import type { ShuffleOptions } from '../../src/data/shuffle-options.js';
import { UsageError } from '../../src/support/errors.js';
import { jsonl, numberedTexts, temporaryData } from './temporary-data.js';

const run = (folder: string, options: Partial<ShuffleOptions> = {}) =>
  shuffleDataset({
    input: join(folder, 'in'),
    output: join(folder, 'out'),
    prefix: 'shuffled',
    chunkBytes: 10_000,
    seed: 5,
    memoryBytes: 1 << 20,
    onBadRecord: 'fail',
    force: false,
    ...options,
  });

const lines = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'));

describe('shuffleDataset', () => {
  const texts = numberedTexts(600);
  const expected = jsonl(texts).trimEnd().split('\n');

  it.each([
    ['at once', 1 << 20],
    ['in buckets', 20_000],
    ['in buckets that are dealt again, being larger than the memory', 300],
  ])('keeps every record and changes their order: %s', async (_, memoryBytes) => {
    const folder = temporaryData({ 'in/a.jsonl': jsonl(texts.slice(0, 200)), 'in/b.jsonl': jsonl(texts.slice(200)) });
    const { manifest } = await run(folder, { memoryBytes });
    const found = lines(join(folder, 'out'));
    expect(found).not.toEqual(expected);
    expect([...found].sort()).toEqual([...expected].sort());
    expect(manifest.documents).toBe(600);
    expect(readdirSync(join(folder, 'out'))).not.toContain('spool');
  });

  it('is decided by the seed', async () => {
    const order = async (seed: number) => {
      const folder = temporaryData({ 'in/a.jsonl': jsonl(texts) });
      await run(folder, { seed, memoryBytes: 5000 });
      return lines(join(folder, 'out'));
    };
    expect(await order(1)).toEqual(await order(1));
    expect(await order(1)).not.toEqual(await order(2));
  });

  it('puts every record in every place equally often', async () => {
    const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
    const runs = 240;
    const folder = temporaryData({ 'in/a.jsonl': jsonl(['0', '1', '2', '3']) });
    for (let seed = 0; seed < runs; seed++) {
      await run(folder, { seed, memoryBytes: 40, force: true });
      for (const [place, line] of lines(join(folder, 'out')).entries()) counts[place]![JSON.parse(line).text]!++;
    }
    // χ² with 9 degrees of freedom is below 33.7 with probability 0.9999.
    const chiSquared = counts.flat().reduce((sum, count) => sum + (count - runs / 4) ** 2 / (runs / 4), 0);
    expect(chiSquared).toBeLessThan(33.7);
  });

  it('keeps all fields of records, of every format', async () => {
    const record = { text: 'a', id: 7, tags: ['x', 'y'] };
    const folder = temporaryData({
      'in/a.jsonl.gz': gzipSync(`${JSON.stringify(record)}\n`),
      'in/b.parquet': new Uint8Array(
        parquetWriteBuffer({
          columnData: [
            { name: 'content', data: ['b ü'], type: 'STRING' },
            { name: 'id', data: [8n], type: 'INT64' },
          ],
        }),
      ),
    });
    await run(folder);
    const found = lines(join(folder, 'out')).map((line) => JSON.parse(line));
    expect(found).toContainEqual(record);
    expect(found).toContainEqual({ content: 'b ü', id: 8 });
  });

  it('stops at a bad record and leaves nothing, or passes over it on request', async () => {
    const folder = temporaryData({ 'in/a.jsonl': `${jsonl(['one', ''])}{"text\n${jsonl(['two'])}` });
    await expect(run(folder)).rejects.toMatchObject({ location: { file: join(folder, 'in', 'a.jsonl'), line: 3 } });
    expect(existsSync(join(folder, 'out'))).toBe(false);
    const { passedOver, manifest } = await run(folder, { onBadRecord: 'skip' });
    expect(passedOver).toEqual({ bad: 1, empty: 1 });
    expect(manifest.documents).toBe(2);
  });

  it('refuses to overwrite, and input without documents', async () => {
    const folder = temporaryData({ 'in/a.jsonl': '\n' });
    await expect(run(folder)).rejects.toMatchObject({ code: 'data' });
    mkdirSync(join(folder, 'out'));
    await expect(run(folder)).rejects.toMatchObject({ code: 'output' });
  });

  it('refuses an output that is, holds or lies in the input, also behind a link, before it changes anything', async () => {
    const folder = temporaryData({ 'in/a.jsonl': jsonl(texts), 'in/manifest.json': '{}' });
    symlinkSync(join(folder, 'in'), join(folder, 'link'));
    for (const [input, output, how] of [
      ['in', 'in', 'is the input itself'],
      ['in', 'link', 'is the input itself'],
      ['link', 'in/deeper/out', 'lies in the input'],
      ['in', '.', 'holds the input'],
      ['in/a.jsonl', 'in', 'holds the input'],
    ] as const) {
      const refused = run(folder, { input: join(folder, input), output: join(folder, output), force: true });
      await expect(refused).rejects.toThrow(UsageError);
      await expect(refused).rejects.toThrow(how);
    }
    expect(readdirSync(join(folder, 'in')).sort()).toEqual(['a.jsonl', 'manifest.json']);
  });

  it('replaces a dataset of ours by force, and nothing else', async () => {
    const folder = temporaryData({ 'in/a.jsonl': jsonl(['one']), 'other/a.jsonl': jsonl(['mine']) });
    const other = join(folder, 'other');
    await expect(run(folder, { output: other, force: true })).rejects.toMatchObject({
      code: 'output',
      location: { file: other },
      hint: expect.stringContaining('another output'),
    });
    expect(lines(other)).toEqual([JSON.stringify({ text: 'mine' })]);
    await run(folder);
    await run(folder, { force: true });
    expect(lines(join(folder, 'out'))).toEqual([JSON.stringify({ text: 'one' })]);
  });

  it('shuffles one record that is larger than the memory', async () => {
    const folder = temporaryData({ 'in/a.jsonl': jsonl(['x'.repeat(5000), 'y']) });
    await run(folder, { memoryBytes: 100 });
    expect(lines(join(folder, 'out'))).toHaveLength(2);
  });
});
