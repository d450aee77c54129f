import { createReadStream, createWriteStream, openSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { expect, it } from 'vitest';
import { readDocuments } from '../../../src/data/documents.js';
import { linesOf, recordBlocks } from '../../../src/data/preprocess/blocks.js';
import { recordLines } from '../../../src/data/record-lines.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

/** Twice what is kept of a line. */
const LONG = 2 ** 30;
/** V8's longest string, which is the longest line that can be read. */
const READABLE = 2 ** 29;

/** Two records, and between them a line of `LONG` zero bytes, which take no room on the disk. */
async function file(format: 'jsonl' | 'gzip') {
  const plain = join(temporaryDirectory(), 'a.jsonl');
  const descriptor = openSync(plain, 'w');
  const size = writeSync(descriptor, '{"text":"first"}\n');
  truncateSync(plain, size + LONG);
  const last = Buffer.from('\n{"text":"last"}\n');
  writeSync(descriptor, last, 0, last.length, size + LONG);
  if (format === 'jsonl') return { path: plain, size: size + LONG + last.length, format };
  const path = join(temporaryDirectory(), 'a.jsonl.gz');
  await pipeline(createReadStream(plain), createGzip({ level: 1 }), createWriteStream(path));
  return { path, size: 0, format };
}

it.each(['jsonl', 'gzip'] as const)(
  'a line without end in %s is a bad record in bounded memory',
  async (format) => {
    const long = await file(format);
    const texts: string[] = [];
    const passedOver = { bad: 0, empty: 0 };
    for await (const { bytes } of readDocuments(long.path, { onBadRecord: 'skip', passedOver }))
      texts.push(Buffer.from(bytes).toString());
    expect(texts).toEqual(['first', 'last']);
    expect(passedOver).toEqual({ bad: 1, empty: 0 });

    const reading = (async () => {
      for await (const document of readDocuments(long.path, { onBadRecord: 'fail' })) expect(document).toBeDefined();
    })();
    await expect(reading).rejects.toMatchObject({
      code: 'data',
      location: { file: long.path, line: 2 },
      message: expect.stringContaining('longer than'),
    });

    const results: string[] = [];
    for await (const { number, result } of recordLines(long)) results.push(`${number} ${Object.keys(result)}`);
    expect(results).toEqual(['1 document', '2 defect', '3 document']);

    // For preprocessing, what a line takes is what a block takes.
    const numbers: number[] = [];
    for await (const block of recordBlocks(long)) {
      expect(block.bytes).toBeLessThan(READABLE + 2 ** 21);
      numbers.push(...(await linesOf(block)).map(({ number }) => number));
    }
    expect(numbers).toEqual([1, 2, 3]);
  },
  300_000,
);
