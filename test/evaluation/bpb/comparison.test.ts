import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareResults, resampling } from '../../../src/evaluation/bpb/comparison.js';
import type { BpbResults } from '../../../src/evaluation/bpb/results.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

interface Line {
  bytes: number;
  nats: number;
  hash?: string;
}

const CONDITIONS = {
  representation: { raw_only: true, mode: 'sentinel', rate: 0, compressor: 'gzip' },
  context: 512,
  stride: 512,
  context_bytes: 500,
  document_mask: true,
};
const MODEL = { checkpoint: 'x', step: 10, prediction_heads: 1, parameters: 1000 };

/** A directory as `pc eval bpb` leaves it. */
function results(
  lines: Line[],
  {
    conditions = {},
    model = {},
  }: { conditions?: Partial<BpbResults['conditions']>; model?: Partial<BpbResults['model']> } = {},
): string {
  const directory = join(temporaryDirectory(), 'results');
  mkdirSync(directory);
  const total = (field: 'bytes' | 'nats') => lines.reduce((sum, line) => sum + line[field], 0);
  const summary = {
    bits_per_byte: total('nats') / total('bytes') / Math.LN2,
    conditions: { ...CONDITIONS, ...conditions },
    model: { ...MODEL, ...model },
    sources: [],
  };
  writeFileSync(join(directory, 'val_results.json'), JSON.stringify(summary));
  const line = ({ bytes, nats, hash = `${bytes}` }: Line, index: number) =>
    JSON.stringify({
      source: 'a',
      index,
      hash,
      bytes,
      nats,
      tokens: bytes,
      endings: 1,
      ending_nats: 0.5,
      layout: 'raw',
    });
  writeFileSync(join(directory, 'bpb_documents.jsonl'), `${lines.map(line).join('\n')}\n`);
  return directory;
}

const A = [10, 20, 30, 40].map((bytes) => ({ bytes, nats: bytes * Math.LN2 }));
const B = A.map(({ bytes, nats }, index) => ({ bytes, nats: index === 3 ? nats : nats + bytes * 0.5 * Math.LN2 }));

describe('a comparison', () => {
  it('gives the difference of the bits per byte, and the share of documents', async () => {
    const comparison = await compareResults([results(A), results(B)], resampling());
    expect(comparison.difference).toBeCloseTo(-0.5 * 0.6, 12);
    expect(comparison.a.bits_per_byte - comparison.b.bits_per_byte).toBeCloseTo(comparison.difference, 12);
    expect(comparison).toMatchObject({ share_better: 0.75, share_equal: 0.25, num_documents: 4, num_bytes: 100 });
    expect(comparison.unlike).toEqual([]);
  });

  it('pairs documents: what all of them cost more is certain, however much they differ among themselves', async () => {
    const documents = Array.from({ length: 50 }, (_, i) => ({ bytes: 100, nats: 50 + 10 * (i % 13), hash: `${i}` }));
    const dearer = documents.map((document) => ({ ...document, nats: document.nats + Math.LN2 }));
    const { interval, difference } = await compareResults([results(dearer), results(documents)], resampling());
    expect(difference).toBeCloseTo(0.01, 12);
    expect(interval!.low).toBeCloseTo(0.01, 12);
    expect(interval!.high).toBeCloseTo(0.01, 12);
  });

  it('names the ways in which the two are not alike', async () => {
    const other = results(A, {
      conditions: {
        context_bytes: 1000,
        representation: { ...CONDITIONS.representation, raw_only: false, rate: 0.9, mode: 'sentinel' },
      },
      model: { prediction_heads: 8 },
    });
    const { unlike } = await compareResults([results(A), other], resampling());
    expect(unlike).toEqual([
      'representation: raw and sentinel, rate 0.9',
      'context in bytes: 500 and 1000',
      'prediction heads: 1 and 8',
    ]);
  });

  it.each([
    ['another text', A.map((line, index) => (index === 2 ? { ...line, hash: 'other' } : line)), 3],
    ['fewer documents', A.slice(0, 3), 4],
    ['more documents', [...A, { bytes: 3, nats: 1 }], 5],
  ])('refuses %s', async (_, lines, line) => {
    await expect(compareResults([results(A), results(lines)], resampling())).rejects.toMatchObject({
      code: 'data',
      message: /not of the same documents/,
      location: { line },
    });
  });

  it('refuses a directory without results, and lines that are none of ours', async () => {
    const nothing = temporaryDirectory();
    await expect(compareResults([results(A), nothing], resampling())).rejects.toMatchObject({
      code: 'data',
      location: { file: join(nothing, 'val_results.json') },
    });
    const broken = results(A);
    writeFileSync(join(broken, 'bpb_documents.jsonl'), '{"source":"a"}\n');
    await expect(compareResults([results(A), broken], resampling())).rejects.toMatchObject({
      code: 'data',
      location: { file: join(broken, 'bpb_documents.jsonl'), line: 1, field: 'index' },
    });
  });
});
