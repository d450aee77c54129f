import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeModelQuantiles } from '../../src/neural-coding/entropy-quantiles-file.js';
import { makeEntropyTable, writeEntropyTable } from '../../src/neural-coding/entropy-table-file.js';
import { openSegmenter, type SegmenterChoice } from '../../src/neural-coding/open-segmenter.js';
import { PAPER_SEGMENTATION } from '../../src/neural-coding/segmentation-calibration.js';
import { CodebookError } from '../../src/support/errors.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** After `a` the entropy is 8 bits, otherwise 0; thresholds of 1 bit. */
async function files(): Promise<Pick<SegmenterChoice, 'table' | 'quantiles'>> {
  const folder = temporaryDirectory();
  const [table, quantiles] = [join(folder, 'a.entropies'), join(folder, 'quantiles.json')];
  const trie = {
    bytes: Uint8Array.of(0, 97),
    childCounts: Uint16Array.of(1, 0),
    entropies: Uint16Array.of(0, 32_768),
  };
  const values = { levels: new Int32Array(999).fill(4096), jumps: new Int32Array(999).fill(4096) };
  const provenance = { corpus: 'none', countedBytes: 0, calibrationBytes: 0 };
  await writeEntropyTable(table, makeEntropyTable(trie, values, provenance));
  await writeModelQuantiles(quantiles, { ...values, modelFingerprint: 'z', calibrationBytes: 0 });
  return { table, quantiles };
}

/** Uncertain before every z. */
const model = {
  fingerprint: 'z',
  context: 8,
  entropies: async (documents: readonly Uint8Array[]) =>
    documents.map((document) => Float32Array.from(document, (byte) => (byte === 122 ? 8 : 0))),
};

const NOTHING: SegmenterChoice = {
  ...PAPER_SEGMENTATION,
  method: 'none',
  table: 'missing',
  quantiles: 'missing',
  openModel: () => Promise.reject(new Error('the model was opened')),
};

describe('opening a segmenter', () => {
  it('that cuts nothing needs nothing', async () => {
    expect(await openSegmenter(NOTHING)).toBeNull();
  });

  it('of a table reads the table', async () => {
    const segmenter = await openSegmenter({ ...NOTHING, ...(await files()), method: 'table' });
    expect(await segmenter!.segment([Buffer.from('bazbaz')])).toEqual([Uint32Array.of(2, 5, 6)]);
  });

  it('of a model opens it', async () => {
    const openModel = async () => model;
    const segmenter = await openSegmenter({ ...NOTHING, ...(await files()), method: 'entropy', openModel });
    expect(await segmenter!.segment([Buffer.from('abzabz')])).toEqual([Uint32Array.of(2, 5, 6)]);
  });

  it.each(['table', 'entropy'] as const)('by %s is refused by name where a file is missing', async (method) => {
    const error: unknown = await openSegmenter({ ...NOTHING, method }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CodebookError);
    expect(error).toMatchObject({
      location: { file: 'missing' },
      hint: expect.stringContaining('codebook segmentation'),
    });
  });
});
