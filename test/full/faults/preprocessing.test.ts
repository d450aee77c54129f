import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { killWhilePreprocessing } from '../../data/preprocess/killed-preprocessing.js';
import { builtin, recordsOf, run } from '../../data/preprocess/temporary-preprocessed.js';
import { jsonl, temporaryData } from '../../data/temporary-data.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

describe('kill -9 at random instants', () => {
  it('of preprocessing, begun again each time, changes nothing of what it writes', () => killWhilePreprocessing(60));
});

describe('a line of 50 MB', () => {
  it('is preprocessed like any other, beside others, and verified', async () => {
    const text = 'z'.repeat(50e6);
    const out = join(temporaryDirectory(), 'out');
    const options = { compressors: [builtin('doublebyte')], workers: 2, verify: true };
    const { compressors } = await run(temporaryData({ 'a.jsonl': jsonl(['first', text, 'short']) }), out, options);
    expect(compressors).toMatchObject([{ documents: 3, symbols: 25e6 + 3 + 3 }]);
    const records = recordsOf(readFileSync(join(out, 'a.jsonl'), 'utf8'));
    expect(records.map((record) => record.text === text || record.text)).toEqual(['first', true, 'short']);
  });
});
