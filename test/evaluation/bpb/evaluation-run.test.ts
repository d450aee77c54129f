import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type DocumentLine, readDocumentLines } from '../../../src/evaluation/bpb/documents-file.js';
import { bpbOptions } from '../../../src/evaluation/bpb/options.js';
import { defaultResultsDirectory } from '../../../src/evaluation/bpb/results-directory.js';
import { type BpbRunRequest, runBpbEvaluation } from '../../../src/evaluation/index.js';
import { resolveCodebook } from '../../../src/neural-coding/artifacts.js';
import { readCodebook } from '../../../src/neural-coding/codebook-file.js';
import { InterruptedError } from '../../../src/support/errors.js';
import { jsonl, numberedTexts, temporaryData } from '../../data/temporary-data.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { openTinyRun, saveTinyRun, TINY_CONFIG } from '../tiny-run.js';

const TEXTS = { a: numberedTexts(6, 'first'), b: numberedTexts(5, 'second'), c: numberedTexts(4, 'third') };
const ALL = [...TEXTS.a, ...TEXTS.b, ...TEXTS.c];

function validationData(): string {
  return temporaryData({
    'a.jsonl': jsonl(TEXTS.a),
    'b.jsonl.gz': gzipSync(jsonl(TEXTS.b)),
    'c.jsonl': `${jsonl(TEXTS.c)}{"text":""}\n`,
  });
}

async function evaluate(request: Partial<BpbRunRequest> & { checkpoint?: string } = {}) {
  const checkpoint = request.checkpoint ?? (await saveTinyRun(join(temporaryDirectory(), 'run')));
  const { opened, settings } = await openTinyRun(checkpoint);
  const output = request.output ?? join(temporaryDirectory(), 'results');
  try {
    const results = await runBpbEvaluation({
      opened,
      settings,
      options: bpbOptions.parse({ rawOnly: true, bootstrapSamples: 200 }),
      data: validationData(),
      onBadRecord: 'fail',
      output,
      force: false,
      ...request,
    });
    return { results, output, checkpoint };
  } finally {
    await opened.dispose();
  }
}

async function linesOf(directory: string): Promise<DocumentLine[]> {
  const lines: DocumentLine[] = [];
  for await (const line of readDocumentLines(join(directory, 'bpb_documents.jsonl'))) lines.push(line);
  return lines;
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

describe('an evaluation of crops at the windows of a codebook', () => {
  const options = bpbOptions.parse({ rawOnly: true, crops: true, cropsAt: 'code-16', bootstrapSamples: 200 });

  it('scores all bytes once, and names the codebook by its fingerprint', async () => {
    const { fingerprint } = await readCodebook(resolveCodebook('code-16'));
    const { results, checkpoint } = await evaluate({ options });
    expect(results.num_bytes).toBe(Buffer.byteLength(ALL.join('')));
    expect(results.conditions).toMatchObject({ crops: true, crops_at: fingerprint });
    const without = await evaluate({ options: { ...options, cropsAt: null }, checkpoint });
    expect(without.results.conditions.crops_at).toBeNull();
    expect(without.results.conditions.windows).toBeLessThanOrEqual(results.conditions.windows);
  });

  it('is of raw bytes only', async () => {
    await expect(evaluate({ options: { ...options, rawOnly: false } })).rejects.toThrow(/windows of raw bytes/);
  });

  it('has a place of its own', () => {
    const place = { data: 'held-out', ownData: 'held-out' };
    expect(defaultResultsDirectory('run/checkpoints/5', 5, options, place)).toMatch(
      /-raw-crops-at-code-16-[0-9a-f]{8}$/,
    );
  });
});

describe('an evaluation', () => {
  it('reads every file, and leaves the figures of the reference under its names', async () => {
    const { results, output } = await evaluate();
    const bytes = Buffer.byteLength(ALL.join(''));
    expect(results).toMatchObject({ num_bytes: bytes, num_tokens: bytes, num_documents: 15 });
    expect(results.nats_per_token).toBeCloseTo(results.total_loss / bytes, 12);
    expect(results.bits_per_token).toBeCloseTo(results.nats_per_token / Math.LN2, 12);
    expect(results.bits_per_byte).toBeCloseTo(results.bits_per_token, 12);
    expect(results.bits_per_byte_with_eos).toBeGreaterThan(results.bits_per_byte);
    expect(results.conditions).toMatchObject({
      representation: { raw_only: true, mode: 'sentinel', rate: 0 },
      context: 16,
      stride: 16,
      document_mask: true,
      empty_records: 1,
    });
    expect(results.model).toMatchObject({ step: 40, prediction_heads: 2, trained_context: 16, symbols_per_step: 32 });
    expect(JSON.parse(readFileSync(join(output, 'val_results.json'), 'utf8'))).toEqual(results);
  });

  it('breaks the total down by source and by document', async () => {
    const { results, output } = await evaluate();
    expect(results.sources.map(({ source, num_documents }) => [source, num_documents])).toEqual([
      ['a.jsonl', 6],
      ['b.jsonl.gz', 5],
      ['c.jsonl', 4],
    ]);
    const lines = await linesOf(output);
    expect(lines.map(({ source, index }) => `${source} ${index}`)).toEqual(
      results.sources.flatMap(({ source, num_documents }) =>
        Array.from({ length: num_documents }, (_, index) => `${source} ${index}`),
      ),
    );
    expect(lines.map(({ bytes }) => bytes)).toEqual(ALL.map((text) => Buffer.byteLength(text)));
    expect(sum(lines.map(({ nats }) => nats)) / results.total_loss).toBeCloseTo(1, 12);
    expect(sum(results.sources.map(({ total_loss }) => total_loss)) / results.total_loss).toBeCloseTo(1, 12);
    for (const { interval, bits_per_byte } of [results, ...results.sources]) {
      expect(interval!.low).toBeLessThanOrEqual(bits_per_byte);
      expect(interval!.high).toBeGreaterThanOrEqual(bits_per_byte);
    }
  });

  it('scores the training mixture, with the same draws every time', async () => {
    const options = bpbOptions.parse({ bootstrapSamples: 10 });
    const { results, output } = await evaluate({ options });
    expect(results.conditions.representation).toMatchObject({ raw_only: false, mode: 'sentinel', rate: 0.5 });
    const layouts = (await linesOf(output)).map(({ layout }) => layout);
    expect(new Set(layouts)).toEqual(new Set(['raw', 'compressed']));
    const { raw, compressed } = results.layouts;
    expect(raw!.num_documents + compressed!.num_documents).toBe(15);
    // Bits are eight symbols a byte.
    expect(compressed!.num_tokens).toBe(8 * compressed!.num_bytes);
    expect((await evaluate({ options })).results.total_loss).toBe(results.total_loss);
  });

  it('scores a model that was trained on symbols alone', async () => {
    const configYaml = TINY_CONFIG.replace('mix: sentinel, rate: 0.5', 'mix: vanilla, rate: 1');
    const run = join(temporaryDirectory(), 'run');
    const checkpoint = await saveTinyRun(run, { configYaml, vocabularySize: 66 });
    const options = bpbOptions.parse({ bootstrapSamples: 10 });
    const { results } = await evaluate({ checkpoint, options });
    expect(results.num_tokens).toBe(8 * results.num_bytes);
    const raw = evaluate({ checkpoint, options: { ...options, rawOnly: true } });
    await expect(raw).rejects.toMatchObject({ code: 'config', message: /no raw bytes/, hint: /without --raw-only/ });
  });

  it('sees less of the text in shorter windows, and says how little', async () => {
    const data = temporaryData({ 'a.jsonl': jsonl(['x'.repeat(200), 'another']) });
    const at = async (context: number, stride: number) => {
      const options = bpbOptions.parse({ rawOnly: true, context, stride, bootstrapSamples: 10 });
      return (await evaluate({ data, options })).results.conditions.context_seen!;
    };
    const [ends, overlapping] = [await at(16, 16), await at(16, 4)];
    expect(ends.cut!.least).toEqual({ symbols: 1, bytes: 1 });
    // All but the last four of sixteen inputs, and the input of the first of those.
    expect(overlapping.cut!.least).toEqual({ symbols: 13, bytes: 13 });
    expect(overlapping.mean.symbols).toBeGreaterThan(ends.mean.symbols);
    // The first byte of a document has BOS and <raw> before it, and no text.
    expect(overlapping.least).toEqual({ symbols: 2, bytes: 0 });
    expect((await at(128, 128)).cut!.share).toBeLessThan(ends.cut!.share);
  });

  it('chooses windows that span as many bytes in any representation', async () => {
    const at = async (rawOnly: boolean) => {
      const options = bpbOptions.parse({ rawOnly, contextBytes: 40, bootstrapSamples: 10 });
      return (await evaluate({ options })).results.conditions;
    };
    const [raw, mixed] = [await at(true), await at(false)];
    expect(mixed.context).toBeGreaterThan(2 * raw.context);
    for (const { context_bytes, context_bytes_wanted } of [raw, mixed]) {
      expect(context_bytes_wanted).toBe(40);
      expect(Math.abs(context_bytes - 40)).toBeLessThan(4);
    }
  });

  it('overwrites results only if told to, and never anything else', async () => {
    const { output, checkpoint } = await evaluate();
    await expect(evaluate({ checkpoint, output })).rejects.toMatchObject({ code: 'output', hint: /--force/ });
    await evaluate({ checkpoint, output, force: true });
    const other = temporaryDirectory();
    writeFileSync(join(other, 'thesis.tex'), '');
    await expect(evaluate({ checkpoint, output: other, force: true })).rejects.toMatchObject({ code: 'output' });
    expect(readdirSync(other)).toEqual(['thesis.tex']);
  });

  it('warns of windows that are longer than those of training', async () => {
    const notes = async (context: number) => {
      const seen: string[] = [];
      const options = bpbOptions.parse({ rawOnly: true, context, bootstrapSamples: 10 });
      await evaluate({ options, onNote: (message) => seen.push(message) });
      return seen;
    };
    expect(await notes(16)).toEqual([]);
    expect(await notes(32)).toEqual([expect.stringContaining('longer than the 16 that the model was trained with')]);
  });

  /** Stops when so many windows are scored. */
  async function interrupted(request: Parameters<typeof evaluate>[0] & { output: string }, after: number) {
    const controller = new AbortController();
    const running = evaluate({
      ...request,
      signal: controller.signal,
      onProgress: ({ unit, done }) =>
        unit === 'windows' && done >= after && controller.abort(new InterruptedError('stopped')),
    });
    await expect(running).rejects.toMatchObject({ code: 'interrupted', hint: expect.stringContaining('goes on') });
  }

  it('goes on where it was interrupted, with the same results to the bit, also when a write was torn', async () => {
    const parent = temporaryDirectory();
    const checkpoint = await saveTinyRun(join(parent, 'run'));
    const [data, options] = [validationData(), bpbOptions.parse({ rawOnly: true, stride: 5, bootstrapSamples: 20 })];
    const whole = await evaluate({ checkpoint, data, options });

    const request = { checkpoint, data, options, output: join(parent, 'results') };
    const scores = join(parent, 'results.unfinished/scores.bin');
    await interrupted(request, 40);
    expect(readdirSync(parent).sort()).toEqual(['results.unfinished', 'run']);
    // 16 labels of the first window and 5 of each other one, as f32, and the digests of its ten batches of four.
    expect(statSync(scores).size).toBeGreaterThanOrEqual(4 * (16 + 39 * 5) + 10 * 32);
    truncateSync(scores, statSync(scores).size - 1);

    const seen: number[] = [];
    const { results } = await evaluate({ ...request, onGoingOn: (windows) => seen.push(windows) });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBeGreaterThanOrEqual(36);
    expect(results).toEqual(whole.results);
    expect(await linesOf(request.output)).toEqual(await linesOf(whole.output));
    expect(readdirSync(parent).sort()).toEqual(['results', 'run']);
  });

  it.each([
    ['another model', { seed: 2 }, {}],
    ['other windows', {}, { stride: 4 }],
    ['other data', {}, {}, 'other'],
  ])('takes no scores of %s', async (_, run, asked, prefix = 'first') => {
    const parent = temporaryDirectory();
    const options = bpbOptions.parse({ rawOnly: true, stride: 5, bootstrapSamples: 20 });
    const output = join(parent, 'results');
    const data = (texts: string) => temporaryData({ 'a.jsonl': jsonl(numberedTexts(15, texts)) });
    await interrupted({ checkpoint: await saveTinyRun(join(parent, 'a')), data: data('first'), options, output }, 20);

    const checkpoint = await saveTinyRun(join(parent, 'b'), run);
    const request = { checkpoint, data: data(prefix), options: { ...options, ...asked } };
    const seen: number[] = [];
    const again = await evaluate({ ...request, output, onGoingOn: (windows) => seen.push(windows) });
    expect(seen).toEqual([]);
    expect(again.results).toEqual((await evaluate(request)).results);
  });

  it('meets a bad record before it scores anything', async () => {
    const data = temporaryData({ 'a.jsonl': jsonl(TEXTS.a), 'b.jsonl': '{"text":"fine"}\n{"text":\n' });
    const units: string[] = [];
    const running = evaluate({ data, onProgress: ({ unit }) => void units.push(unit) });
    await expect(running).rejects.toMatchObject({ code: 'data', location: { file: join(data, 'b.jsonl'), line: 2 } });
    expect(new Set(units)).toEqual(new Set(['bytes']));
    const { results } = await evaluate({ data, onBadRecord: 'skip' });
    expect(results).toMatchObject({ num_documents: 7, conditions: { skipped_records: 1 } });
  });

  it('refuses data without a document', async () => {
    const data = temporaryData({ 'a.jsonl': '{"text":""}\n' });
    await expect(evaluate({ data })).rejects.toMatchObject({ code: 'data', location: { file: data } });
  });
});

describe('a checkpointed model', () => {
  it('needs its compressor for compressed text alone', async () => {
    const configYaml = TINY_CONFIG.replace('compressor: bit,', 'compressor: uninstalled,');
    const checkpoint = await saveTinyRun(join(temporaryDirectory(), 'run'), { configYaml });
    const { results } = await evaluate({
      checkpoint,
      options: bpbOptions.parse({ rawOnly: true, bootstrapSamples: 20 }),
    });
    expect(results.conditions.representation).toMatchObject({ raw_only: true, compressor: 'bit:1' });
    await expect(
      evaluate({ checkpoint, options: bpbOptions.parse({ rawOnly: false, bootstrapSamples: 20 }) }),
    ).rejects.toMatchObject({
      code: 'config',
      message: /uninstalled/,
    });
  });

  it('is refused compressed text where its compressor makes other codes now', async () => {
    const checkpoint = await saveTinyRun(join(temporaryDirectory(), 'run'), { compressor: 'bit:0' });
    await expect(
      evaluate({ checkpoint, options: bpbOptions.parse({ rawOnly: false, bootstrapSamples: 20 }) }),
    ).rejects.toMatchObject({
      code: 'checkpoint',
      message: 'the model was trained on codes of bit:0, and the compressor here is bit:1',
      location: { file: checkpoint },
      hint: /--raw-only needs no compressor/,
    });
  });

  it('is refused where its configuration describes another model', async () => {
    const configYaml = TINY_CONFIG.replace('layers: 1', 'layers: 2');
    const checkpoint = await saveTinyRun(join(temporaryDirectory(), 'run'), { configYaml });
    await expect(openTinyRun(checkpoint)).rejects.toMatchObject({ code: 'checkpoint', message: /no tensor layers.1/ });
  });
});

describe('the default directory of results', () => {
  const options = bpbOptions.parse({ rawOnly: true });
  const own = { data: './validation', ownData: 'validation' };

  it('is in the run, under the step and what was asked for', () => {
    const of = (more: object) =>
      defaultResultsDirectory('runs/x/checkpoints/0000000040', 40, { ...options, ...more }, own);
    expect(of({})).toBe('runs/x/evaluations/0000000040-raw');
    expect(of({ rawOnly: false, context: 32, documentMask: false })).toBe(
      'runs/x/evaluations/0000000040-training-context-32-mask-false',
    );
  });

  it("tells data apart that is not the run's own", () => {
    const of = (data: string, ownData: string | null = 'validation') =>
      defaultResultsDirectory('runs/x/checkpoints/0000000040', 40, options, { data, ownData });
    expect(of('one.jsonl')).toMatch(/^runs\/x\/evaluations\/0000000040-raw-data-one\.jsonl-[0-9a-f]{8}$/);
    const names = ['validation', 'one.jsonl', 'two.jsonl', 'there/one.jsonl'].map((data) => of(data));
    expect(new Set(names).size).toBe(4);
    expect(of('validation', null)).not.toBe(of('one.jsonl', null));
  });

  it('is beside a checkpoint that is in no run, under its name: two that were imported have one step', () => {
    const of = (checkpoint: string) => defaultResultsDirectory(checkpoint, 40, options, own);
    expect(of('imported/one')).toBe('imported/evaluations/one-0000000040-raw');
    expect(of('imported/two/')).toBe('imported/evaluations/two-0000000040-raw');
    expect(of('copies/0000000040')).toBe('copies/evaluations/0000000040-raw');
  });
});
