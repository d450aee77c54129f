import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildEntropyTable } from '../../../src/data/segmentation-building/build-entropy-table.js';
import { ENTROPY_TABLE_DEFAULTS, type EntropyTableRequest } from '../../../src/data/segmentation-building/options.js';
import { readModelQuantiles } from '../../../src/neural-coding/entropy-quantiles-file.js';
import { EntropyAutomaton } from '../../../src/neural-coding/entropy-table-automaton.js';
import { readEntropyTable } from '../../../src/neural-coding/entropy-table-file.js';
import { tableSegmenter } from '../../../src/neural-coding/segmentation-table.js';
import { DataError, OutputError } from '../../../src/support/errors.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const TEXTS = Array.from(
  { length: 120 },
  (_, i) => `def f${i % 7}(x, y${i % 3}):\n    return x * ${i} + y${i % 3} - ${i * i}\n`,
);
const SIZE = TEXTS.reduce((sum, text) => sum + text.length, 0);

/** A folder with a dataset of these texts, and a request to build `out.entropies` of it. */
function requestFor(texts: readonly string[] = TEXTS): EntropyTableRequest {
  const folder = temporaryDirectory();
  const data = join(folder, 'data.jsonl');
  writeFileSync(data, texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
  return {
    ...ENTROPY_TABLE_DEFAULTS,
    data: [data],
    output: join(folder, 'out.entropies'),
    contexts: 500,
    leastOccurrences: 2,
    workers: 1,
    force: false,
    comparison: null,
  };
}

describe('building an entropy table', () => {
  it('counts all text that is not held out, and takes quantiles of the rest', async () => {
    const request = requestFor();
    const phases: string[] = [];
    const report = await buildEntropyTable({ ...request, progress: ({ phase }) => phases.push(phase) });
    expect(report).toMatchObject({ documents: 120, textBytes: SIZE, contexts: 500, passedOver: { bad: 0, empty: 0 } });
    expect(report.countedBytes + report.calibrationBytes).toBe(SIZE);
    expect(report.calibrationBytes).toBeGreaterThan(0);
    expect(report.calibrationBytes).toBeLessThan(SIZE / 5);
    expect(new Set(phases)).toEqual(new Set(['read', 'count']));

    const table = await readEntropyTable(request.output);
    expect(table.fingerprint).toBe(report.fingerprint);
    expect(table.provenance).toMatchObject({ countedBytes: report.countedBytes });
    expect(table.provenance.corpus).toMatch(/^data\.jsonl \(/);
  });

  it('gives the same file whatever the number of workers', async () => {
    const requests = [requestFor(), { ...requestFor(), workers: 2 }];
    for (const request of requests) await buildEntropyTable(request);
    const [one, two] = requests.map(({ output }) => readFileSync(output));
    expect(one!.equals(two!)).toBe(true);
  });

  it('takes quantiles of what it counts where nothing is held out', async () => {
    const report = await buildEntropyTable({ ...requestFor(), heldOutBytes: 0 });
    expect([report.countedBytes, report.calibrationBytes]).toEqual([SIZE, SIZE]);
  });

  it('compares boundaries with a model, here with the table itself', async () => {
    const request = { ...requestFor(), heldOutBytes: 0 };
    await buildEntropyTable(request);
    const table = await readEntropyTable(request.output);
    const automaton = new EntropyAutomaton(table);
    const model = {
      fingerprint: 'the table',
      context: 64,
      entropies: async (documents: readonly Uint8Array[]) =>
        documents.map((document) => Float32Array.from(automaton.run(document), (units) => units / 4096)),
    };
    const quantilesOutput = join(temporaryDirectory(), 'quantiles.json');
    const comparison = { model, bytes: 1e6, quantilesOutput };
    const report = await buildEntropyTable({ ...request, force: true, comparison });
    expect(report.comparison).toMatchObject({ precision: 1, recall: 1, f1: 1, bytes: SIZE, model: report.segments });
    const quantiles = await readModelQuantiles(quantilesOutput);
    expect(quantiles).toEqual({ ...table.quantiles, modelFingerprint: 'the table', calibrationBytes: SIZE });

    // Boundaries by the reports are those of the segmenter.
    const ends = await tableSegmenter(table, request.segmentation).segment(TEXTS.map((text) => Buffer.from(text)));
    const segments = ends.reduce((sum, { length }) => sum + length, 0);
    expect(report.segments.bytesPerSegment).toBe(SIZE / segments);
    expect(report.comparison!.exact).toBe(segments - TEXTS.length);
  });

  it('refuses to overwrite either file, and data without text', async () => {
    const request = requestFor();
    writeFileSync(request.output, 'mine');
    await expect(buildEntropyTable(request)).rejects.toThrow(OutputError);
    expect(readFileSync(request.output, 'utf8')).toBe('mine');
    await expect(buildEntropyTable(requestFor([]))).rejects.toThrow(DataError);
  });

  it('leaves neither file where the second cannot be written', async () => {
    const { output, ...request } = requestFor();
    const directory = temporaryDirectory();
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const model = {
      fingerprint: 'the same for every byte',
      context: 64,
      entropies: async (documents: readonly Uint8Array[]) => documents.map(({ length }) => new Float32Array(length)),
    };
    for (const quantilesOutput of [directory, join(file, 'quantiles.json')]) {
      const comparison = { model, bytes: 1e6, quantilesOutput };
      const built = buildEntropyTable({ ...request, output, comparison, force: true });
      await expect(built).rejects.toThrow(OutputError);
      expect(existsSync(output)).toBe(false);
    }
  });

  it('leaves nothing when it is stopped', async () => {
    const request = requestFor();
    const stop = new AbortController();
    const progress = ({ phase }: { phase: string }): void => {
      if (phase === 'count') stop.abort(new Error('enough'));
    };
    await expect(buildEntropyTable({ ...request, signal: stop.signal, progress })).rejects.toThrow('enough');
    expect(() => readFileSync(request.output)).toThrow('ENOENT');
  });
});
