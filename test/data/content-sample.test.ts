import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sampleContents } from '../../src/data/content-sample.js';
import { DataError } from '../../src/support/errors.js';
import { temporaryData } from './temporary-data.js';

const sample = async (contents: string[]): Promise<string[]> => {
  const names = contents.map((_, index) => `${index}.jsonl`);
  const folder = temporaryData(Object.fromEntries(names.map((name, index) => [name, contents[index]!])));
  return sampleContents(names.map((name) => ({ path: join(folder, name), size: statSync(join(folder, name)).size })));
};

const withLetterAt = (length: number, place: number): string =>
  `${'a'.repeat(place)}b${'a'.repeat(length - place - 1)}`;

describe('the sample of a file', () => {
  it('is the same wherever the file lies', async () => {
    expect(await sample(['some text', 'another'])).toEqual(await sample(['some text', 'another']));
  });

  it.each([
    ['a small file, anywhere', 9000, 5000],
    ['its beginning', 1_000_000, 0],
    ['its middle', 1_000_000, 500_000],
    ['its end', 1_000_000, 999_999],
  ])('tells of a letter changed in %s', async (_, length, place) => {
    expect(await sample([withLetterAt(length, place)])).not.toEqual(await sample(['a'.repeat(length)]));
  });

  it('is in the order of the files, however many', async () => {
    const contents = Array.from({ length: 50 }, (_, index) => `text ${index}`);
    const samples = await sample(contents);
    expect(new Set(samples).size).toBe(50);
    expect((await sample(contents.slice(30, 31)))[0]).toBe(samples[30]);
  });

  it('names a file that is gone', async () => {
    const path = join(temporaryData({}), 'gone.jsonl');
    await expect(sampleContents([{ path, size: 5 }])).rejects.toThrow(DataError);
  });
});
