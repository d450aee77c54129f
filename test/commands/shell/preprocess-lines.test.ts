import { describe, expect, it } from 'vitest';
import { describePreprocessing } from '../../../src/commands/shell/preprocess-lines.js';
import type { DatasetReport } from '../../../src/data/preprocess/options.js';

const dataset: DatasetReport = {
  input: 'data/train',
  output: 'data/train-gzip',
  complete: true,
  written: 3,
  kept: 0,
  repaired: 0,
  documents: 1200,
  empty: 0,
  skipped: 0,
  textBytes: 3e6,
  verified: false,
};

describe('the summary of preprocessing', () => {
  it.each([
    [{}, '3 shards written'],
    [{ written: 1, kept: 2, repaired: 1 }, '1 shard written, 2 kept, 1 damaged shard made again'],
    [{ written: 2, repaired: 2, verified: true }, '2 shards written, 2 damaged shards made again, verified'],
    [{ empty: 1, skipped: 2 }, '3 shards written, 1 empty record, 2 unusable records left out'],
  ])('says what was done with shards and records: %j', (changes, notes) => {
    const lines = describePreprocessing({ datasets: [{ ...dataset, ...changes }], compressors: [], seconds: 1 });
    expect(lines).toContain(`data/train-gzip: 1,200 documents, 3.00 MB of text, ${notes}`);
  });
});
