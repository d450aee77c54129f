import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  PretokenCounter,
  PretokenTable,
  pretokensOfRuns,
  splitterOf,
  writeRun,
} from '../../../src/tokenizers/training/index.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const counted = (table: PretokenTable): Map<string, number> => {
  const counts = new Map<string, number>();
  table.forEach((bytes, from, to, count) => {
    counts.set(Buffer.from(bytes.subarray(from, to)).toString('hex'), count);
  });
  return counts;
};

describe('counts of pre-tokens', () => {
  it('are those of the pieces of the pattern, by their UTF-8', () => {
    const table = new PretokenTable();
    const counter = new PretokenCounter(table, splitterOf('\\S+|\\s+'));
    for (const text of ['é 👩‍👧 é', 'plain é', '\ufeffbom 中 \ud83d\ude00']) counter.add(Buffer.from(text));
    const expected = { é: 3, ' ': 5, '👩‍👧': 1, plain: 1, '\ufeffbom': 1, 中: 1, '😀': 1 };
    expect(counted(table)).toEqual(
      new Map(Object.entries(expected).map(([text, count]) => [Buffer.from(text).toString('hex'), count])),
    );
  });

  it('are the same by way of the disk, in the order of the bytes', async () => {
    const pretoken = fc.uint8Array({ minLength: 1, maxLength: 9, max: 3 });
    const tables = fc.array(fc.array(fc.tuple(pretoken, fc.integer({ min: 1, max: 1e9 }))), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(tables, async (contents) => {
        const folder = temporaryDirectory();
        const together = new PretokenTable();
        const paths = await Promise.all(
          contents.map(async (entries, index) => {
            const table = new PretokenTable();
            for (const [bytes, count] of entries) {
              table.add(bytes, 0, bytes.length, count);
              together.add(bytes, 0, bytes.length, count);
            }
            const path = join(folder, `${index}.run`);
            await writeRun(table, path);
            return path;
          }),
        );
        const merged: [string, number][] = [];
        await pretokensOfRuns(paths).forEach((bytes, from, to, count) => {
          merged.push([Buffer.from(bytes.subarray(from, to)).toString('hex'), count]);
        });
        const sorted = [...counted(together)].sort(([a], [b]) =>
          Buffer.compare(Buffer.from(a, 'hex'), Buffer.from(b, 'hex')),
        );
        expect(merged).toEqual(sorted);
      }),
      { numRuns: 40 },
    );
  });
});
