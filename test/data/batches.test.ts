import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { rawShare, sumStatistics } from '../../src/data/batch-statistics.js';
import {
  type Batch,
  BatchAssembler,
  type BatchSettings,
  type LoaderState,
  mergeLoaderStates,
  ownedRows,
} from '../../src/data/batches.js';
import { compressionAt } from '../../src/data/compression-schedule.js';
import { MIX_MODES } from '../../src/data/options.js';
import { int32Values } from '../../src/graph/tensor.js';
import { BOS, COMPRESSED_START, EOS, RAW_START } from '../../src/vocabulary/layout.js';
import { repeatingCompressor, settings } from './settings.js';
import { jsonl, numberedTexts, temporaryData } from './temporary-data.js';

const compressor = repeatingCompressor(0.5);

async function run(of: BatchSettings, count: number, state: LoaderState | null = null): Promise<Batch[]> {
  const assembler = await BatchAssembler.open(of, compressor, state);
  const batches: Batch[] = [];
  for (let i = 0; i < count; i++) batches.push(await assembler.next());
  await assembler.close();
  return batches;
}

/** JSON is what a checkpoint holds. */
const stored = (state: LoaderState): LoaderState => JSON.parse(JSON.stringify(state));

/** Rows of ids of one micro-batch. */
function rowsOf(batch: Batch, microBatch = 0): number[][] {
  const { ids } = batch.microBatches[microBatch]!.inputs;
  const [rows, length] = ids!.shape as [number, number];
  const values = Array.from(int32Values(ids!));
  return Array.from({ length: rows }, (_, i) => values.slice(i * length, (i + 1) * length));
}

const idsOf = (batch: Batch): number[][][] => batch.microBatches.map((_, i) => rowsOf(batch, i));

const manyFiles = () =>
  temporaryData({
    'a.jsonl': jsonl(numberedTexts(40, 'a')),
    'b.jsonl.gz': gzipSync(jsonl(numberedTexts(30, 'b'))),
    'c.jsonl': jsonl(numberedTexts(3, 'c')),
  });

describe('the global batch', () => {
  it.each([1, 2] as const)('is the same for 1, 2 and 4 processes, in %i micro-batches', async (accumulation) => {
    const of = settings(manyFiles(), { mix: 'translation_random' });
    const batch = { size: 8, accumulation, sequenceLength: 64 };
    const global = (await run({ ...of, batch }, 12)).map(idsOf);
    for (const world of [2, 4]) {
      const shares = await Promise.all(
        Array.from({ length: world }, (_, rank) => run({ ...of, batch, ranks: { rank, world } }, 12)),
      );
      for (const [step, microBatches] of global.entries()) {
        const joined = microBatches.map((_, i) => shares.flatMap((share) => rowsOf(share[step]!, i)));
        expect(joined).toEqual(microBatches);
      }
    }
  });

  it('has views − 1 labels for every id, each the id that follows', async () => {
    const [batch] = await run(settings(manyFiles()), 1);
    const { ids, labels } = batch!.microBatches[0]!.inputs;
    const [rows, length, width] = labels!.shape as [number, number, number];
    expect([rows, length, width]).toEqual([4, 64, 2]);
    const values = int32Values(labels!);
    expect(values[0]).toBe(int32Values(ids!)[1]);
    expect(values[1]).toBe(int32Values(ids!)[2]);
  });

  it('depends on the seed', async () => {
    const folder = manyFiles();
    const [one] = await run(settings(folder, {}, { seed: 1 }), 1);
    const [two] = await run(settings(folder, {}, { seed: 2 }), 1);
    expect(idsOf(one!)).not.toEqual(idsOf(two!));
  });

  it('cannot be shared unevenly', () => {
    const batch = { size: 8, accumulation: 2, sequenceLength: 1 };
    expect(ownedRows(batch, { rank: 1, world: 2 })).toEqual([
      [2, 3],
      [6, 7],
    ]);
    expect(() => ownedRows(batch, { rank: 0, world: 3 })).toThrow(/3 processes cannot share the 4 rows/);
  });
});

describe('resuming', () => {
  const STEPS = 14;

  it.each(MIX_MODES.map((mix) => [mix] as const))(
    'after any batch gives the batches of the uninterrupted run: %s',
    async (mix) => {
      const of = settings(
        manyFiles(),
        { mix, rateUnit: 'symbol' },
        { inputs: { views: 9, documentMask: true, multibyteWeights: null } },
      );
      const whole = await run(of, STEPS);
      for (let step = 0; step < STEPS - 1; step++) {
        const rest = await run(of, Math.min(3, STEPS - 1 - step), stored(whole[step]!.state));
        for (const [i, batch] of rest.entries()) {
          expect(batch.step).toBe(step + 1 + i);
          expect(batch.microBatches).toEqual(whole[step + 1 + i]!.microBatches);
          expect(batch.statistics).toEqual(whole[step + 1 + i]!.statistics);
          expect(batch.state).toEqual(whole[step + 1 + i]!.state);
        }
      }
    },
  );

  it('with another number of processes gives the same global batches', async () => {
    const of = settings(manyFiles(), { mix: 'parallel_random' });
    const whole = await run(of, 8);
    const halves = await Promise.all([0, 1].map((rank) => run({ ...of, ranks: { rank, world: 2 } }, 4)));
    const state = mergeLoaderStates(halves.map((share) => stored(share[3]!.state)));
    expect(state).toEqual(whole[3]!.state);
    const quarters = await Promise.all([0, 1, 2, 3].map((rank) => run({ ...of, ranks: { rank, world: 4 } }, 4, state)));
    for (let i = 0; i < 4; i++) expect(quarters.flatMap((share) => rowsOf(share[i]!))).toEqual(rowsOf(whole[4 + i]!));
  });

  it('begins a new source at its first document and forgets one that is gone', async () => {
    const [one, two] = [manyFiles(), temporaryData({ 'a.jsonl': jsonl(numberedTexts(50, 'new')) })];
    const of = settings(one);
    const [batch] = await run(of, 1);
    const sources = (weights: Record<string, number>) =>
      Object.entries(weights).map(([name, weight]) => ({ name, weight, path: name === 'train' ? one : two }));
    const added = await run({ ...of, sources: sources({ train: 1, more: 3 }) }, 20, stored(batch!.state));
    const { rows } = added.at(-1)!.state;
    expect(Object.keys(rows[0]!.cursors)).toEqual(['train', 'more']);
    const without = await run({ ...of, sources: sources({ more: 1 }) }, 2, stored(added.at(-1)!.state));
    expect(Object.keys(without[1]!.state.rows[0]!.cursors)).toEqual(['more']);
    expect(without[1]!.statistics.documents).toBeGreaterThan(0);
  });

  it('refuses what would change the meaning of the saved places, and names it', async () => {
    const folder = manyFiles();
    const of = settings(folder);
    const [batch] = await run(of, 1);
    const state = stored(batch!.state);
    const resumed = (changed: BatchSettings) => run(changed, 1, state);
    await expect(resumed({ ...of, batch: { ...of.batch, size: 8 } })).rejects.toMatchObject({
      location: { field: 'batch.size' },
    });
    await expect(resumed({ ...of, inputs: { ...of.inputs, views: 2 } })).rejects.toThrow(/prediction heads/);
    await expect(BatchAssembler.open(of, repeatingCompressor(2), state)).rejects.toThrow(
      /repeating 0.5, not repeating 2/,
    );
    appendFileSync(join(folder, 'a.jsonl'), jsonl(['one more']));
    await expect(resumed(of)).rejects.toMatchObject({ code: 'data', location: { field: 'data.sources.train' } });
  });
});

describe('a saved state', () => {
  it.each([2, undefined])('of version %s is refused before anything else of it is looked at', async (version) => {
    const state = { version } as unknown as LoaderState;
    await expect(run(settings(manyFiles()), 1, state)).rejects.toMatchObject({
      code: 'checkpoint',
      message: expect.stringContaining(`version ${version}`),
      hint: expect.stringContaining('version of this program'),
    });
  });
});

describe('rate and mode', () => {
  it('are those of the step that trains the first symbol of a document', async () => {
    // At step s the mode is parallel before the switch and sentinel after it; rate ½ shows every document as a pair.
    const schedule = {
      ...{ warmup: 5, steady: 5, decay: 0 },
      ...{ initialRate: 0.5, peakRate: 0.5, finalRate: 1 },
      ...({
        initialMode: 'translation_raw_compressed',
        steadyMode: 'translation_compressed_raw',
        finalMode: 'sentinel',
      } as const),
    };
    const of = settings(manyFiles(), { schedule }, { batch: { size: 4, accumulation: 1, sequenceLength: 96 } });
    const firstSentinel = (step: number) => {
      const { mode } = compressionAt(of.data, step);
      return mode === 'translation_raw_compressed' ? RAW_START : COMPRESSED_START;
    };
    const batches = await run(of, 15);
    let checked = 0;
    // A label column reads one past the inputs: its last symbol begins the next step's inputs but is trained in this one.
    for (const batch of batches) {
      const { labels } = batch.microBatches[0]!.inputs;
      const [rows, length, width] = labels!.shape as [number, number, number];
      const values = int32Values(labels!);
      for (let row = 0; row < rows; row++) {
        for (let t = 0; t < length - 1; t++) {
          const at = (row * length + t) * width;
          if (values[at] !== BOS) continue;
          expect(values[at + 1]).toBe(firstSentinel(batch.step));
          checked++;
        }
      }
    }
    expect(checked).toBeGreaterThan(30);
  });

  it.each(MIX_MODES.map((mix) => [mix] as const))(
    'share of compressed symbols is the rate where symbols are counted: %s',
    async (mix) => {
      const folder = temporaryData({ 'a.jsonl': jsonl(numberedTexts(400)) });
      for (const rate of [0.25, 0.8]) {
        const of = settings(
          folder,
          { mix, rate, rateUnit: 'symbol', blockBytes: 100_000 },
          { batch: { size: 4, accumulation: 1, sequenceLength: 2048 } },
        );
        const { symbols } = rawShare(sumStatistics((await run(of, 40)).map(({ statistics }) => statistics)));
        expect(Math.abs(1 - symbols! - rate)).toBeLessThan(0.04);
      }
    },
  );
});

describe('sources', () => {
  it('are drawn by their weights', async () => {
    const folders = { often: 3, seldom: 1 };
    const sources = Object.entries(folders).map(([name, weight]) => ({
      name,
      weight,
      path: temporaryData({ 'a.jsonl': jsonl(Array.from({ length: 50 }, () => (name === 'often' ? 'o' : 's'))) }),
    }));
    const of = { ...settings('', { mix: 'vanilla', rate: 0, blockBytes: 100_000 }), sources };
    const ids = (await run(of, 40)).flatMap((batch) => rowsOf(batch).flat());
    const often = ids.filter((id) => id === 64 + 'o'.charCodeAt(0)).length;
    const seldom = ids.filter((id) => id === 64 + 's'.charCodeAt(0)).length;
    expect(Math.abs(often / (often + seldom) - 0.75)).toBeLessThan(0.03);
  });
});

describe('precomputed codes', () => {
  const record = (text: string, codes: Record<string, string>) => `${JSON.stringify({ text, ...codes })}\n`;

  it('are read from the field named, instead of compressing', async () => {
    const folder = temporaryData({ 'a.jsonl': record('abc', { m1_ac_ow16: 'XY', m1_ac_ow20: 'Z' }) });
    const of = settings(folder, { rate: 1, codeField: 'm1_ac_ow16' });
    const [row] = rowsOf((await run(of, 1))[0]!);
    expect(row!.slice(0, 6)).toEqual([
      BOS,
      COMPRESSED_START,
      320 + 'X'.charCodeAt(0),
      320 + 'Y'.charCodeAt(0),
      15,
      EOS,
    ]);
  });

  it('are drawn anew for each document where several fields match', async () => {
    const folder = temporaryData({ 'a.jsonl': record('abc', { m1_ac_ow16: 'XX', m1_ac_ow20: 'ZZ', other: 'no' }) });
    const ids = rowsOf((await run(settings(folder, { rate: 1, codeField: 'm1_ac_*' }), 1))[0]!).flat();
    expect(new Set(ids.filter((id) => id >= 320))).toEqual(new Set([320 + 88, 320 + 90]));
  });
});

describe('statistics', () => {
  it('count every byte and symbol once, however documents are cut', async () => {
    const texts = numberedTexts(30);
    const folder = temporaryData({ 'a.jsonl': jsonl(texts) });
    const of = settings(
      folder,
      { mix: 'parallel_raw_compressed', shuffle: false },
      { batch: { size: 1, accumulation: 1, sequenceLength: 33 } },
    );
    const batches = await run(of, 100);
    const total = sumStatistics(batches.map(({ statistics }) => statistics));
    const ids = batches.flatMap((batch) => rowsOf(batch).flat());
    const count = (of: (id: number) => boolean) => ids.filter(of).length;
    // The inputs lack the views − 1 symbols that the last sequence looks ahead.
    expect(Math.abs(total.raw.symbols - count((id) => id >= 64 && id < 320))).toBeLessThanOrEqual(2);
    expect(Math.abs(total.compressed.symbols - count((id) => id >= 320))).toBeLessThanOrEqual(2);
    expect(total.raw.bytes).toBe(total.raw.symbols);
    expect(Math.abs(total.compressed.bytes - 2 * total.compressed.symbols)).toBeLessThan(texts.length * 4);
    expect(Math.abs(total.documents - count((id) => id === BOS) / 2)).toBeLessThanOrEqual(1);
  });

  it('count what is passed over', async () => {
    const folder = temporaryData({ 'a.jsonl': `${jsonl(['', 'text'])}{"cut\n` });
    const of = settings(folder, { onBadRecord: 'skip' }, { batch: { size: 1, accumulation: 1, sequenceLength: 64 } });
    const { passedOver } = sumStatistics((await run(of, 4)).map(({ statistics }) => statistics));
    expect(passedOver.bad).toBeGreaterThan(0);
    expect(passedOver.empty).toBeGreaterThan(0);
  });
});
