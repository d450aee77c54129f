import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Batch, BatchAssembler, type BatchSettings, type LoaderState } from '../../src/data/batches.js';
import { drawCrops } from '../../src/data/crops.js';
import { int32Values } from '../../src/graph/tensor.js';
import { writeCodebook } from '../../src/neural-coding/codebook-file.js';
import { Random } from '../../src/support/random/index.js';
import { BOS, COMPRESSED_START, EOS, RAW_OFFSET, RAW_START } from '../../src/vocabulary/layout.js';
import { bytesOf, codebookOf, type Phrasebook, plainParse } from '../neural-coding/small-codebooks.js';
import { repeatingCompressor, settings } from './settings.js';
import { jsonl, numberedTexts, temporaryData } from './temporary-data.js';

const texts = numberedTexts(60);

/** Rows of 17 ids, of which the model reads 16: crops of one head. */
function cropped(data: Partial<BatchSettings['data']> = {}, others: Partial<BatchSettings> = {}): BatchSettings {
  return settings(
    temporaryData({ 'a.jsonl': jsonl(texts.slice(0, 40)), 'b.jsonl': jsonl(texts.slice(40)) }),
    { mix: 'vanilla', rate: 0, crop: { every: 20, starts: 'random' }, ...data },
    {
      batch: { size: 4, accumulation: 1, sequenceLength: 16 },
      inputs: { views: 2, documentMask: false, multibyteWeights: null },
      ...others,
    },
  );
}

async function run(of: BatchSettings, count: number, state: LoaderState | null = null): Promise<Batch[]> {
  const assembler = await BatchAssembler.open(of, repeatingCompressor(), state);
  const batches: Batch[] = [];
  for (let i = 0; i < count; i++) batches.push(await assembler.next());
  await assembler.close();
  return batches;
}

/** Every row of a batch with the label of its last input: all ids that the loader packed. */
function rowsOf({ microBatches }: Batch): number[][] {
  return microBatches.flatMap(({ inputs }) => {
    const [rows, length] = inputs.ids!.shape as [number, number];
    const [ids, labels] = [int32Values(inputs.ids!), int32Values(inputs.labels!)];
    return Array.from({ length: rows }, (_, row) => [
      ...ids.subarray(row * length, (row + 1) * length),
      labels[(row + 1) * length - 1]!,
    ]);
  });
}

/** The crops of a row: what stands between one BOS and the next. */
function cropsOf(row: readonly number[]): number[][] {
  const crops: number[][] = [];
  for (const id of row) {
    if (id === BOS) crops.push([]);
    crops.at(-1)!.push(id);
  }
  return crops;
}

const textOf = (ids: readonly number[]) => String.fromCharCode(...ids.map((id) => id - RAW_OFFSET));

describe('rows of crops', () => {
  it('begin with BOS, and go on with a document from somewhere to its end or that of the row', async () => {
    const rows = (await run(cropped(), 60)).flatMap(rowsOf);
    for (const row of rows) {
      expect(row).toHaveLength(17);
      expect(row[0]).toBe(BOS);
      const crops = cropsOf(row);
      for (const [i, [, ...ids]] of crops.entries()) {
        const ended = ids.at(-1) === EOS;
        // Only the last crop of a row is cut.
        expect(ended || i === crops.length - 1).toBe(true);
        const text = textOf(ended ? ids.slice(0, -1) : ids);
        expect(texts.some((document) => (ended ? document.endsWith(text) : document.includes(text)))).toBe(true);
      }
    }
    expect(rows.some((row) => cropsOf(row).length > 1)).toBe(true);
    expect(new Set(rows.map((row) => textOf(row.slice(1, 5)))).size).toBeGreaterThan(30);
  });

  it('have the sentinel before the symbols, and cut codes as they cut bytes', async () => {
    const rows = (await run(cropped({ mix: 'sentinel', rate: 0.5 }), 40)).flatMap(rowsOf);
    const starts = rows.map(([first, second]) => [first, second].join());
    expect(new Set(starts)).toEqual(new Set([`${BOS},${RAW_START}`, `${BOS},${COMPRESSED_START}`]));
  });

  it('are the same for any number of processes', async () => {
    const of = cropped();
    const global = (await run(of, 20)).map(rowsOf);
    for (const world of [2, 4]) {
      const shares = await Promise.all(
        Array.from({ length: world }, (_, rank) => run({ ...of, ranks: { rank, world } }, 20)),
      );
      for (const [step, rows] of global.entries())
        expect(shares.flatMap((share) => rowsOf(share[step]!))).toEqual(rows);
    }
  });

  it('go on where they left off, from every batch', async () => {
    const of = cropped();
    const whole = await run(of, 12);
    for (const [step, { state }] of whole.slice(0, -1).entries()) {
      const resumed = await run(of, 11 - step, JSON.parse(JSON.stringify(state)));
      expect(resumed.map(rowsOf)).toEqual(whole.slice(step + 1).map(rowsOf));
    }
  });

  it('count the bytes that they show', async () => {
    for (const batch of await run(cropped(), 10)) {
      const shown = rowsOf(batch).flat();
      expect(batch.statistics.raw.symbols).toBe(shown.filter((id) => id >= RAW_OFFSET).length);
    }
  });
});

describe('rows of crops at the windows of a codebook', () => {
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
  const single: Phrasebook = new Map(bytes.map((byte, code) => [byte, code]));
  const letters = [...new Set(texts.join(''))];
  const seconds = letters.filter((letter) => !/[e0-9]/.test(letter));
  /** Every byte of the texts is a window with the next, unless that is an "e" or a digit. */
  const pairs: Phrasebook = new Map([
    ...single,
    ...letters
      .flatMap((letter) => seconds.map((second) => letter + second))
      .map((pair, i): [string, number] => [pair, 256 + i]),
  ]);
  /** What is left of a text at each window. */
  const fromWindows = (text: string) => {
    const units = plainParse(pairs, bytesOf(text)).map((unit) => unit.text);
    return units.map((_, i) => units.slice(i).join(''));
  };
  const atWindows = async (phrases = pairs): Promise<BatchSettings> => {
    const starts = join(temporaryData({}), 'small.codebook');
    await writeCodebook(starts, codebookOf(phrases, { windowBits: 16 }));
    return cropped({ crop: { every: 10, starts } });
  };

  it('begin where a window does', async () => {
    const rows = (await run(await atWindows(), 60)).flatMap(rowsOf);
    const suffixes = texts.flatMap(fromWindows);
    const elsewhere = texts.flatMap((text) => [...text].map((_, start) => text.slice(start)));
    const begun = rows.flatMap(cropsOf).map(([, ...ids]) => textOf(ids.filter((id) => id >= RAW_OFFSET)));
    const long = begun.filter((text) => text.length > 8);
    for (const text of begun) expect(suffixes.some((suffix) => suffix.startsWith(text))).toBe(true);
    // It says something: as many texts of documents begin elsewhere.
    expect(suffixes.length).toBeLessThan(0.8 * elsewhere.length);
    expect(new Set(long).size).toBeGreaterThan(50);
  });

  it('are the same for any number of processes, and go on where they left off', async () => {
    const of = await atWindows();
    const whole = await run(of, 10);
    const shares = await Promise.all([0, 1].map((rank) => run({ ...of, ranks: { rank, world: 2 } }, 10)));
    for (const [step, batch] of whole.entries())
      expect(shares.flatMap((share) => rowsOf(share[step]!))).toEqual(rowsOf(batch));
    for (const [step, { state }] of whole.slice(0, -1).entries()) {
      const resumed = await run(of, 9 - step, JSON.parse(JSON.stringify(state)));
      expect(resumed.map(rowsOf)).toEqual(whole.slice(step + 1).map(rowsOf));
    }
  });

  it('do not go on at the windows of another codebook, nor anywhere', async () => {
    const of = await atWindows();
    const state = (await run(of, 1))[0]!.state;
    const { crop } = (await atWindows(single)).data;
    for (const other of [crop, { every: 10, starts: 'random' }]) {
      const resumed = run({ ...of, data: { ...of.data, crop: other } }, 1, state);
      await expect(resumed).rejects.toThrow(/crops of the saved batches begin at the windows of the codebook/);
    }
  });

  it('need a codebook that exists', async () => {
    const missing = cropped({ crop: { every: 10, starts: 'no-such-codebook' } });
    await expect(run(missing, 1)).rejects.toThrow('there is no codebook no-such-codebook');
  });
});

describe('where crops begin', () => {
  const block = (symbols: number) => ({ representation: 'raw' as const, start: 1, end: 1 + symbols, bytes: symbols });

  it('is as likely at every symbol of the data', () => {
    const random = Random.fromSeed(5);
    const counts = [3, 10].map((symbols) => {
      const begun = new Float64Array(symbols);
      for (let i = 0; i < 40_000; i++)
        for (const position of drawCrops(block(symbols), { every: 4 }, random)) begun[position]!++;
      return begun;
    });
    // Each of 40,000 draws begins a crop at a symbol with probability 1/4 on average: within five standard deviations.
    for (const begun of counts) for (const count of begun) expect(Math.abs(count - 10_000)).toBeLessThan(5 * 100);
  });

  it('is as likely at every window, whatever its length', () => {
    const random = Random.fromSeed(6);
    const begun = new Map<number, number>();
    for (let i = 0; i < 40_000; i++)
      for (const position of drawCrops(block(10), { every: 4 }, random, Uint32Array.of(7, 8, 10)))
        begun.set(position, (begun.get(position) ?? 0) + 1);
    expect([...begun.keys()].sort()).toEqual([0, 7, 8]);
    for (const count of begun.values()) expect(Math.abs(count - 10_000)).toBeLessThan(5 * 100);
  });

  it('is nowhere in a document without symbols', () => {
    expect(drawCrops(block(0), { every: 1 }, Random.fromSeed(1))).toEqual([]);
  });
});
