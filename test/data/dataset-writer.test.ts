import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DatasetWriter } from '../../src/data/dataset-writer.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

describe("the beginning of the chunks' names", () => {
  it('may be any word', async () => {
    const folder = temporaryDirectory();
    const writer = new DatasetWriter(folder, { prefix: 'stack edu.v1', chunkBytes: 1000 });
    await writer.add(Buffer.from('{"text":"a"}'), 1);
    await writer.finish({});
    expect(readdirSync(folder).sort()).toEqual(['manifest.json', 'stack edu.v1.chunk.00001.jsonl']);
  });

  it.each(['../elsewhere', 'a/b', 'a\\b', '..', '.hidden', ''])(
    'is not %j: chunks would not be found there',
    (prefix) => {
      expect(() => new DatasetWriter(temporaryDirectory(), { prefix, chunkBytes: 1000 })).toThrow(
        expect.objectContaining({ code: 'usage' }),
      );
    },
  );
});
