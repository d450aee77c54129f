import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { saveCheckpoint } from '../../src/checkpoints/index.js';
import { loadConfig, serialiseConfig } from '../../src/config/index.js';
import { buildReport } from '../../src/reporting/index.js';
import { DataError } from '../../src/support/errors.js';
import { isOptimizerState } from '../../src/training/optimizer.js';
import { wholeTensor } from '../checkpoints/state.js';
import { pc } from '../support/pc.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let root: string;
beforeEach(() => {
  root = temporaryDirectory();
});

interface RunOptions {
  name: string;
  presets?: string[];
  set?: string[];
  bitsPerByte?: number;
}

/** A run's directory as training and evaluation leave it. */
async function makeRun({ name, presets = ['gzip-proxy-1m'], set = [], bitsPerByte }: RunOptions): Promise<string> {
  const directory = join(root, 'runs', name);
  mkdirSync(directory, { recursive: true });
  const { config, origins } = await loadConfig({ cwd: root, presets, set: [`name=${name}`, ...set] });
  writeFileSync(join(directory, 'config.yaml'), serialiseConfig(config, origins));
  const lines = Array.from({ length: 50 }, (_, i) => ({
    step: i + 1,
    loss: 5 - i / 20,
    learning_rate: 1e-3,
    raw_share_documents: 0.5,
    raw_share_bytes: 0.4,
    raw_share_symbols: 0.6,
    total_symbols: (i + 1) * 4096,
    total_bytes: (i + 1) * 9000,
  }));
  writeFileSync(join(directory, 'metrics.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  writeFileSync(join(directory, 'environment.json'), JSON.stringify({ cpu: 'A Processor', cores: 2 }));
  await saveCheckpoint(directory, {
    step: 50,
    state: {},
    configYaml: '',
    slices: ['embedding', 'adam.m.embedding', 'adam.v.embedding'].map((name) =>
      wholeTensor(name, [3, 4], Array(12).fill(0)),
    ),
    isOptimizer: isOptimizerState,
  });
  if (bitsPerByte !== undefined) writeResults(directory, { bitsPerByte });
  return directory;
}

interface ResultsOptions {
  bitsPerByte: number;
  folder?: string;
  step?: number;
  rawOnly?: boolean;
  context?: number;
  data?: string;
}

/** `val_results.json` as `pc eval bpb` writes it, as far as a report reads it. */
function writeResults(
  directory: string,
  {
    bitsPerByte,
    folder = 'evaluations/50-raw',
    step = 50,
    rawOnly = true,
    context = 512,
    data = 'data/validation',
  }: ResultsOptions,
): void {
  const results = {
    bits_per_byte: bitsPerByte,
    bits_per_byte_with_eos: bitsPerByte + 0.01,
    num_bytes: 1000,
    interval: { low: bitsPerByte - 0.1, high: bitsPerByte + 0.1 },
    conditions: {
      representation: { raw_only: rawOnly, mode: 'sentinel', rate: 0.9 },
      context,
      stride: 512,
      document_mask: true,
      data,
    },
    model: { step },
  };
  mkdirSync(join(directory, folder), { recursive: true });
  writeFileSync(join(directory, folder, 'val_results.json'), JSON.stringify(results));
}

const report = (directories: string[], title = 'A title') => buildReport({ directories, title, madeBy: 'pc 1.0' });

/** The text of a page without its tags. */
const plain = (page: string): string =>
  page
    .replace(/<(style|svg)[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

describe('a report', () => {
  it('tells of each run what it was, how far it came and how well it did', async () => {
    const { page, summaries } = await report([await makeRun({ name: 'one', bitsPerByte: 2.25 })]);
    expect(summaries[0]).toMatchObject({
      name: 'one',
      compressor: 'gzip',
      mix: ['translation_random 0.4 → 0.9, 120 steps', 'sentinel 0.9, 480 steps'],
      parameters: 12,
      steps: 50,
      symbols: 50 * 4096,
      bytes: 50 * 9000,
      basis: { heads: '1', symbolsPerStep: '4096', context: '512' },
    });
    expect(plain(page)).toContain('one 2.2500 2.1500 – 2.3500 2.5500 gzip');
    expect(plain(page)).toContain('A Processor');
    expect(plain(page)).toContain('model.hiddenSize 128 preset evabyte-1m');
  });

  it('draws curves against steps, symbols and bytes, and none of figures that are not there', async () => {
    const { page } = await report([await makeRun({ name: 'one' })]);
    for (const axis of ['step', 'symbols', 'bytes']) expect(page).toContain(`class="by by-${axis}"`);
    expect(page).toContain('<figure id="loss">');
    expect(page).toContain('<figure id="raw-share">');
    expect(page).not.toContain('<figure id="validation-loss">');
    expect(page).toMatch(/<svg role="img" aria-label="Training loss by optimizer steps: one ends at 2\.550"/);
  });

  it('is one file that asks nothing of a network and runs no script', async () => {
    const { page } = await report([await makeRun({ name: 'one', bitsPerByte: 2 })]);
    const links = page.match(/https?:\/\/[^"' )]+/g) ?? [];
    expect(new Set(links.filter((link) => !link.startsWith('http://www.w3.org/')))).toEqual(new Set());
    expect(page).not.toMatch(/<script|<link|<img|@import|url\(/);
  });

  it('escapes what it is told', async () => {
    const directory = await makeRun({ name: 'one', set: ['data.root=<b>&"x'] });
    const { page } = await report([directory], '<i>title</i>');
    expect(page).not.toContain('<i>title');
    expect(page).not.toContain('<b>&');
    expect(page).toContain('&#60;b&#62;&#38;&#34;x');
  });

  it('judges a run by its latest evaluation of raw bytes, and shows all', async () => {
    const directory = await makeRun({ name: 'one' });
    writeResults(directory, { bitsPerByte: 1, folder: 'evaluations/50-training', rawOnly: false });
    writeResults(directory, { bitsPerByte: 2, folder: 'evaluations/50-raw' });
    writeResults(directory, { bitsPerByte: 3, folder: 'evaluations/40-raw', step: 40 });
    const { page, summaries } = await report([directory]);
    expect(summaries[0]!.evaluation).toMatchObject({ bitsPerByte: 2, step: 50, isRaw: true });
    expect(plain(page)).toContain('one 50 1.0000 0.9000 – 1.1000 1.0100 sentinel, rate 0.9 512 512 true 1000');
    expect(plain(page)).toContain('one 40 3.0000 2.9000 – 3.1000 3.0100 raw bytes');
  });

  it('judges a run by its own validation data, whatever else it was evaluated on later', async () => {
    const directory = await makeRun({ name: 'one', set: ['data.validation=data/validation'] });
    writeResults(directory, { bitsPerByte: 2 });
    writeResults(directory, { bitsPerByte: 1, folder: 'evaluations/50-raw-data-easy', data: 'easy.jsonl' });
    const { page, summaries } = await report([directory]);
    expect(summaries[0]!.evaluation).toMatchObject({ bitsPerByte: 2, isOnOtherData: false });
    expect(plain(page)).toContain('true 1000 easy.jsonl');
  });

  it("takes the reference's results, which tell less", async () => {
    const directory = await makeRun({ name: 'one' });
    writeFileSync(join(directory, 'val_results.json'), JSON.stringify({ bits_per_byte: 2, num_bytes: 5 }));
    const { summaries } = await report([directory]);
    expect(summaries[0]!.evaluation).toMatchObject({ bitsPerByte: 2, interval: undefined, conditions: { bytes: '5' } });
  });

  it('names a file of results that is damaged', async () => {
    const directory = await makeRun({ name: 'one' });
    writeFileSync(join(directory, 'val_results.json'), '{"bits_per_byte": "much"}');
    await expect(report([directory])).rejects.toMatchObject({
      location: { file: join(directory, 'val_results.json') },
    });
  });

  it('is made for a run whose checkpoints are damaged, too', async () => {
    const directory = await makeRun({ name: 'one' });
    writeFileSync(join(directory, 'checkpoints', '0000000050', 'state.json'), '{');
    expect((await report([directory])).summaries[0]!.parameters).toBeUndefined();
  });
});

describe('runs that are compared', () => {
  it('are like for like when they share heads, symbols a step and context', async () => {
    const runs = [await makeRun({ name: 'bytes', presets: ['bytes-1m'] }), await makeRun({ name: 'gzip' })];
    const { page, notes, summaries } = await report(runs);
    expect(notes).toEqual([]);
    expect(plain(page)).toContain('can be compared like for like');
    expect(summaries[0]!.compressor).toBe('none');
  });

  it.each([
    ['heads', ['model.predictionHeads=8'], 'prediction heads: one 1, two 8'],
    ['raw heads', ['model.rawHeads=1'], 'prediction heads: one 1, two 1 + 1 raw'],
    ['symbols a step', ['batch.size=16'], 'symbols a step: one 4096, two 8192'],
    ['context', ['batch.size=4', 'batch.sequenceLength=1024'], 'symbols of context: one 512, two 1024'],
  ])('carry a visible note when they differ in %s', async (_, set, expected) => {
    const { page, notes } = await report([await makeRun({ name: 'one' }), await makeRun({ name: 'two', set })]);
    expect(notes).toEqual([`They differ in the ${expected}.`]);
    expect(plain(page)).toContain('not like for like');
    expect(plain(page)).not.toContain('can be compared like for like');
  });

  it('carry a note when their bits per byte were measured differently', async () => {
    const [one, two] = [await makeRun({ name: 'one' }), await makeRun({ name: 'two' })];
    writeResults(one, { bitsPerByte: 2 });
    writeResults(two, { bitsPerByte: 2, context: 256 });
    const { notes } = await report([one, two]);
    expect(notes).toEqual(['Their bits per byte were measured with different windows, in symbols: one 512, two 256.']);
  });

  it('show first the settings in which they differ', async () => {
    const two = await makeRun({ name: 'two', set: ['seed=7'] });
    const { page } = await report([await makeRun({ name: 'one' }), two]);
    expect(plain(page)).toMatch(/Where the runs differ Setting one two name one --set two --set seed 42 7 --set All/);
  });

  it('of one name are told apart by their directories', async () => {
    const one = await makeRun({ name: 'one' });
    const two = await makeRun({ name: 'two', set: [] });
    writeFileSync(join(two, 'config.yaml'), 'name: one\n');
    const { summaries } = await report([one, two]);
    expect(summaries.map(({ name }) => name)).toEqual([`one (${one})`, `one (${two})`]);
  });
});

describe('pc report', () => {
  it('writes the page and replaces one only with --force', async () => {
    const directory = await makeRun({ name: 'one' });
    const first = await pc(['report', directory, '--json'], { cwd: root });
    expect(first.status).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({ output: 'report.html', runs: [{ name: 'one' }], notes: [] });
    const second = await pc(['report', directory], { cwd: root });
    expect(second.status).toBe(1);
    expect(second.stderr).toContain('--force');
    expect((await pc(['report', directory, '--force'], { cwd: root })).status).toBe(0);
  });

  it('says what is no run', async () => {
    mkdirSync(join(root, 'empty'));
    await expect(report([join(root, 'empty')])).rejects.toThrow(DataError);
    const { status, stderr } = await pc(['report', 'empty'], { cwd: root });
    expect(status).toBe(1);
    expect(stderr).toContain('empty is no run');
  });
});
