import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readReferenceField, writeReferenceField } from '../../../src/neural-coding/reference-field.js';
import { CompressorError, DataError } from '../../../src/support/errors.js';
import { builtin, recordsOf, run } from '../../data/preprocess/temporary-preprocessed.js';
import { computedMetrics, TINY_MODEL, tinyProject, trainTiny } from '../../training/tiny-training.js';
import { codebookFile } from './small-artifacts.js';

const FORMAT = { windowBits: 12, symbolBits: 12 };
const SOURCE = 'source.chunk.00001.jsonl';

/** A project of the neural proxy, one main and one raw head, whose data has its codes. */
async function neuralProject() {
  const project = tinyProject({
    steps: 2,
    model: { ...TINY_MODEL, predictionHeads: 1, rawHeads: 1 },
    data: { compressor: 'neural', mix: 'sentinel', rate: 0.9, validation: 'data/validation' },
    compressors: { neural: { codebook: 'code-12' } },
    logging: { every: 1 },
  });
  const [train, coded] = [join(project, 'data/train'), join(project, 'data/preprocessed/train')];
  // All projects have the same texts: their codes are made once.
  preprocessed ??= run(train, kept, { compressors: [builtin('neural', { codebook: 'code-12' })], verify: true });
  await preprocessed;
  cpSync(kept, coded, { recursive: true });
  return { project, train, coded };
}

const folder = mkdtempSync(join(tmpdir(), 'pc-test-'));
const kept = join(folder, 'train');
let preprocessed: ReturnType<typeof run> | undefined;
afterAll(() => rmSync(folder, { recursive: true }));

const figures = (project: string, name: string, figure: string): unknown[] =>
  computedMetrics(project, name).map((line) => new Map(Object.entries(line)).get(figure));

/** Makes the coded data that of another pipeline: codes in a field of its name, and no manifest. */
function asPublished(coded: string, field = 'm1_ac_ow12', change = (codes: string) => codes): void {
  rmSync(join(coded, 'manifest.json'));
  const records = recordsOf(readFileSync(join(coded, SOURCE), 'utf8'));
  const lines = records.map(({ text, m1_ac_ow12: codes }) =>
    JSON.stringify({ text, [field]: change(codes as string) }),
  );
  writeFileSync(join(coded, SOURCE), `${lines.join('\n')}\n`);
}

const OURS = ['data.sources={preprocessed/train: 1}'];
const PUBLISHED = [...OURS, 'data.codeField=m1_ac_*'];

describe('training the neural proxy', () => {
  it('has the same losses from our files and from the same codes in the field of the published pipeline', async () => {
    const { project, coded } = await neuralProject();
    await trainTiny(project, { name: 'ours', set: [...OURS, 'data.precomputed=require'] });
    asPublished(coded);
    const problems: string[] = [];
    await trainTiny(project, { name: 'theirs', set: PUBLISHED, onProblem: (problem) => problems.push(problem) });
    expect(figures(project, 'theirs', 'loss')).toEqual(figures(project, 'ours', 'loss'));
    expect(problems).toEqual([expect.stringMatching(/m1_ac_\* .* are unverified/)]);
    // Codes of the strict coder have no literals, that a raw head could take for raw text.
    expect(figures(project, 'ours', 'literals_as_raw')).toEqual([0, 0]);
  });

  it('counts literals in a row, which a raw head takes for raw text', async () => {
    const { project, coded } = await neuralProject();
    asPublished(coded, 'm1_ac_ow12', (codes) => {
      const symbols = readReferenceField(codes, FORMAT);
      return writeReferenceField(
        symbols.map((symbol, i) => (i % 4 === 3 ? symbol : 65)),
        FORMAT,
      );
    });
    await trainTiny(project, { set: [...PUBLISHED, 'steps=1'] });
    const [count] = figures(project, 'run', 'literals_as_raw');
    // Two of four places in compressed text have two literals behind them; of 128 places some are raw or sentinels.
    expect(count).toBeGreaterThan(5);
    expect(count).toBeLessThan(64);
  });

  it('refuses codes that do not fill a window, naming record and offset, unless told to read as they were made', async () => {
    const { project, coded } = await neuralProject();
    // Without its last pseudo-byte, of 9 bits: as many whole bytes as the others need.
    asPublished(coded, 'm1_ac_ow12', (codes) => {
      const pseudoBytes = 2 * readReferenceField(codes, FORMAT).length - 1;
      return Buffer.from(codes, 'base64')
        .subarray(0, Math.ceil((9 * pseudoBytes) / 8))
        .toString('base64');
    });
    const training = trainTiny(project, { name: 'refused', set: PUBLISHED });
    await expect(training).rejects.toThrowError(CompressorError);
    await expect(training).rejects.toMatchObject({
      message: expect.stringMatching(/coded bytes at offset 0 do not fill windows of 12 bits/) as unknown,
      location: { file: expect.stringContaining(SOURCE) as unknown, line: expect.any(Number) as unknown },
    });
    const lenient = [...PUBLISHED, 'compressors.neural.lenient=true', 'steps=1'];
    expect((await trainTiny(project, { name: 'lenient', set: lenient })).step).toBe(1);
  });

  it('refuses codes of windows of another size, by the name of their field', async () => {
    const { project, coded } = await neuralProject();
    asPublished(coded, 'm1_ac_ow16');
    await expect(trainTiny(project, { set: PUBLISHED })).rejects.toThrowError(
      /the field m1_ac_ow16 has codes of windows of 16 bits/,
    );
  });
});

describe('preprocessing', () => {
  it('does not take over codes that no manifest vouches for: they are neither decoded nor replaced', async () => {
    const { project, coded } = await neuralProject();
    asPublished(coded);
    const again = run(coded, join(project, 'out'), { compressors: [builtin('neural')], verify: true });
    // The default codebook has windows, and so a field, of another size.
    await expect(again).resolves.toMatchObject({ datasets: [{ documents: 120, verified: true }] });
    const same = { compressors: [builtin('neural', { codebook: 'code-12' })], verify: true };
    const replacing = run(coded, join(project, 'other'), same);
    await expect(replacing).rejects.toThrowError(DataError);
    await expect(replacing).rejects.toThrowError(/has codes of this compressor already/);
    // Nothing is wrong with such records, so none is left out for it either.
    const skipping = run(coded, join(project, 'third'), { ...same, onBadRecord: 'skip' });
    await expect(skipping).rejects.toThrowError(/has codes of this compressor already/);
  });

  it('finds codes of another codebook, and refuses to train on them', async () => {
    const { project, coded, train } = await neuralProject();
    const codebook = await codebookFile();
    await expect(
      run(train, coded, { compressors: [builtin('neural', { codebook })], verify: true }),
    ).rejects.toThrowError(/another fingerprint of neural/);
    await expect(trainTiny(project, { set: [`compressors.neural.codebook=${codebook}`] })).rejects.toThrowError(
      /but the compressor is neural:/,
    );
  });

  it('keeps the ranks of shared codes beside them, and round-trips with two workers', async () => {
    const codebook = await codebookFile('lester');
    const project = tinyProject();
    const report = await run(join(project, 'data/train'), join(project, 'out'), {
      compressors: [builtin('neural', { codebook })],
      workers: 2,
      verify: true,
    });
    expect(report).toMatchObject({ datasets: [{ documents: 120, verified: true }] });
    const [record] = recordsOf(readFileSync(join(project, 'out', SOURCE), 'utf8'));
    expect(record).toMatchObject({ pc_neural_side: expect.any(String) as unknown });
  });
});
