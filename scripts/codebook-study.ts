/**
 * What the parameters of the window coder cost and gain, measured: builds a codebook for every width of windows and every
 * coder, and measures its windows on datasets that it was not made from.
 *
 *     npx tsx scripts/codebook-study.ts TRAINING OUTPUT HELD-OUT… [--m1 NAME=CHECKPOINT]… [--windows 12,14,16] [--memory MB]
 *
 * OUTPUT gets `study.json`, its tables as `study.md` and the plots of docs/neural-compression.md; figures that it has are
 * not measured again. Besides the coders, all from counts at the starts of windows, `strict` is made from counts at random
 * positions and from each trained model. The shipped codebook of 16 bits is measured on segments of the shipped table too.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { buildCodebook } from '../src/data/codebook-building/build-codebook.js';
import { measureWindows } from '../src/data/codebook-building/measure.js';
import { BUILD_DEFAULTS, type CodebookBuildReport } from '../src/data/codebook-building/options.js';
import { readDocuments } from '../src/data/documents.js';
import { resolveCodebook, resolveEntropyTable } from '../src/neural-coding/artifacts.js';
import type { ByteModel } from '../src/neural-coding/byte-model.js';
import { readCodebook } from '../src/neural-coding/codebook-file.js';
import { readEntropyTable } from '../src/neural-coding/entropy-table-file.js';
import { COMPILED_WINDOWS, WINDOW_CODERS, type WindowCoder } from '../src/neural-coding/parameters.js';
import { PhraseCounts, parserOf, windowStatistics } from '../src/neural-coding/phrase-counts.js';
import { PAPER_SEGMENTATION } from '../src/neural-coding/segmentation-calibration.js';
import { tableSegmenter } from '../src/neural-coding/segmentation-table.js';
import { openByteModel } from '../src/plugins/byte-model/index.js';

interface Variant {
  title: string;
  coder: WindowCoder;
  source: 'random' | 'windows' | ByteModel;
}

/** What the windows of a codebook make of a dataset. */
interface Measured {
  bytes: number;
  windows: number;
  literals: number;
  ambiguousShare: number;
}

interface CodebookFinding {
  variant: string;
  windowBits: number;
  /** Trained numbers of the model that it was made from; null: counts. */
  parameters: number | null;
  /** Strings that can be a window or the beginning of one, and those with a code. */
  strings: number;
  codes: number;
  fileBytes: number;
  seconds: number;
  rounds: number;
  heldOut: Record<string, Measured>;
}

interface SegmentationFinding {
  /** Of the level and of the jump; null: documents are not cut. */
  quantile: number | null;
  segments: number;
  heldOut: Record<string, Measured>;
}

interface Study {
  codebooks: CodebookFinding[];
  segmentations: SegmentationFinding[];
}

const QUANTILES = [0.8, 0.9, 0.95, 0.98, 0.99];

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: {
    m1: { type: 'string', multiple: true, default: [] },
    windows: { type: 'string', default: COMPILED_WINDOWS.join(',') },
    memory: { type: 'string', default: String(BUILD_DEFAULTS.memoryBytes / 1e6) },
  },
});
const [training, output, ...heldOut] = positionals;
if (training === undefined || output === undefined || heldOut.length === 0) {
  process.stderr.write(
    'usage: tsx scripts/codebook-study.ts TRAINING OUTPUT HELD-OUT… [--m1 NAME=CHECKPOINT]… [--windows …] [--memory MB]\n',
  );
  process.exit(2);
}

mkdirSync(output, { recursive: true });
const file = join(output, 'study.json');
const study: Study = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { codebooks: [], segmentations: [] };
const { codebooks, segmentations } = study;

const models = await Promise.all(
  flags.m1.map(async (given): Promise<Variant> => {
    const [name, checkpoint] = [given.slice(0, given.indexOf('=')), given.slice(given.indexOf('=') + 1)];
    return { title: `strict, M1 ${name}`, coder: 'strict', source: await openByteModel(checkpoint) };
  }),
);
const variants: Variant[] = [
  ...WINDOW_CODERS.map((coder): Variant => ({ title: coder, coder, source: 'windows' })),
  { title: 'strict, counts at random positions', coder: 'strict', source: 'random' },
  ...models,
];
for (const windowBits of flags.windows.split(',').map(Number))
  for (const variant of variants) {
    if (codebooks.some((found) => found.variant === variant.title && found.windowBits === windowBits)) continue;
    const found = await studyCodebook(variant, windowBits);
    codebooks.push(found);
    keep(`${windowBits} bits, ${variant.title}`, found.heldOut);
  }
for (const { source } of models) if (typeof source === 'object') await source.dispose();
for (const quantile of [null, ...QUANTILES]) {
  if (segmentations.some((found) => found.quantile === quantile)) continue;
  const found = await studySegmentation(quantile);
  segmentations.push(found);
  keep(quantile === null ? 'documents whole' : `segments at ${quantile}`, found.heldOut);
}

writeFileSync(join(output, 'study.md'), `${codebookTable()}\n\n${segmentationTable()}\n`);
await drawCodebooks('neural-bytes-per-window', 'bytes per window', (found) => bytesPerWindow(found.heldOut));
await drawCodebooks(
  'neural-bits-per-byte',
  'bits per byte of the codes',
  (found) => found.windowBits / bytesPerWindow(found.heldOut),
);
await drawModelSizes();
await drawSegmentations();

function keep(what: string, measured: Record<string, Measured>): void {
  writeFileSync(file, `${JSON.stringify(study, null, 2)}\n`);
  process.stdout.write(`${what}: ${bytesPerWindow(measured).toFixed(3)} bytes a window\n`);
}

async function studyCodebook({ title, coder, source }: Variant, windowBits: number): Promise<CodebookFinding> {
  const scratch = mkdtempSync(join(tmpdir(), 'codebook-study-'));
  try {
    const path = join(scratch, 'study.codebook');
    const common = {
      output: path,
      windowBits,
      coder,
      onBadRecord: 'fail',
      seed: BUILD_DEFAULTS.seed,
      heldOutBytes: BUILD_DEFAULTS.heldOutBytes,
      memoryBytes: Number(flags.memory) * 1e6,
      workers: availableParallelism(),
      frequencies: null,
      force: false,
    } as const;
    const report: CodebookBuildReport = await buildCodebook(
      typeof source === 'object'
        ? { ...common, data: [], validation: heldOut[0]!, source: 'm1', model: source, corpus: 'a study' }
        : {
            ...common,
            data: [training!],
            validation: null,
            source: 'counts',
            rounds: source === 'random' ? 1 : BUILD_DEFAULTS.rounds,
            starts: 'random',
          },
    );
    const codebook = await readCodebook(path);
    const measured: CodebookFinding['heldOut'] = {};
    let codes = 0;
    for (const dataset of heldOut) {
      const statistics = await measureWindows(codebook, { path: dataset, onBadRecord: 'fail' });
      const { bytes, windows, literals, ambiguousShare } = statistics;
      codes = statistics.codes;
      measured[basename(dataset)] = { bytes, windows, literals, ambiguousShare };
    }
    const kept = report.rounds[report.kept]!;
    return {
      variant: title,
      windowBits,
      parameters: typeof source === 'object' ? source.parameters : null,
      strings: kept.strings,
      codes,
      fileBytes: report.fileBytes,
      seconds: report.rounds.reduce(
        (sum, { seconds }) => sum + seconds.counting + seconds.compiling,
        report.seconds.reading,
      ),
      rounds: report.kept + 1,
      heldOut: measured,
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Windows of the shipped codebook in segments by the shipped table, cut where either quantile is exceeded. */
async function studySegmentation(quantile: number | null): Promise<SegmentationFinding> {
  const codebook = await readCodebook(resolveCodebook('code-16'));
  const table = await readEntropyTable(resolveEntropyTable('code'));
  const segmenter =
    quantile === null
      ? null
      : tableSegmenter(table, { ...PAPER_SEGMENTATION, levelQuantile: quantile, jumpQuantile: quantile });
  const measured: SegmentationFinding['heldOut'] = {};
  let segments = 0;
  for (const dataset of heldOut) {
    const counts = new PhraseCounts(parserOf(codebook));
    for await (const { bytes } of readDocuments(dataset, { onBadRecord: 'fail' })) {
      const ends = segmenter === null ? [bytes.length] : (await segmenter.segment([bytes]))[0]!;
      let from = 0;
      for (const end of ends) {
        counts.add(bytes.subarray(from, end));
        from = end;
      }
      segments += ends.length;
    }
    const { bytes, windows, literals, ambiguousShare } = windowStatistics(counts, codebook.windowBits);
    measured[basename(dataset)] = { bytes, windows, literals, ambiguousShare };
  }
  return { quantile, segments, heldOut: measured };
}

/** Over all datasets, literals counting as windows. */
function bytesPerWindow(measured: Record<string, Measured>): number {
  const all = Object.values(measured);
  return sumOf(all, ({ bytes }) => bytes) / sumOf(all, ({ windows, literals }) => windows + literals);
}

function ambiguousShare(measured: Record<string, Measured>): number {
  const all = Object.values(measured);
  return sumOf(all, (found) => found.ambiguousShare * found.windows) / sumOf(all, ({ windows }) => windows);
}

function sumOf<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}

function codebookTable(): string {
  const rows = codebooks.map((found) =>
    [
      found.windowBits,
      found.variant,
      bytesPerWindow(found.heldOut).toFixed(2),
      (found.windowBits / bytesPerWindow(found.heldOut)).toFixed(2),
      `${(100 * ambiguousShare(found.heldOut)).toFixed(1)} %`,
      found.strings.toLocaleString('en'),
      found.codes.toLocaleString('en'),
      (found.fileBytes / 1e6).toFixed(2),
    ].join(' | '),
  );
  return table(
    'bits | codebook | bytes per window | bits per byte | windows whose code others share | strings | codes | MB',
    rows,
  );
}

function segmentationTable(): string {
  const rows = segmentations.map(({ quantile, segments, heldOut: measured }) =>
    [
      quantile ?? 'none',
      quantile === null ? '' : (sumOf(Object.values(measured), ({ bytes }) => bytes) / segments).toFixed(1),
      bytesPerWindow(measured).toFixed(2),
    ].join(' | '),
  );
  return table('both quantiles | bytes per segment | bytes per window', rows);
}

function table(header: string, rows: readonly string[]): string {
  const rule = header.replace(/[^|]+/g, '---');
  return [header, rule, ...rows].map((row) => `| ${row} |`).join('\n');
}

/** Of what was measured at several widths. */
async function drawCodebooks(name: string, title: string, value: (found: CodebookFinding) => number): Promise<void> {
  const widths = (variant: string) => codebooks.filter((found) => found.variant === variant).length;
  await draw(name, {
    data: {
      values: codebooks
        .filter(({ variant }) => widths(variant) > 1)
        .map((found) => ({ bits: found.windowBits, value: value(found), variant: found.variant })),
    },
    mark: { type: 'line', point: true },
    encoding: {
      x: {
        field: 'bits',
        type: 'quantitative',
        title: 'bits of a window',
        scale: { zero: false },
        axis: { tickMinStep: 2 },
      },
      y: { field: 'value', type: 'quantitative', title, scale: { zero: false } },
      color: { field: 'variant', type: 'nominal', title: null, sort: null },
    },
  });
}

async function drawModelSizes(): Promise<void> {
  await draw('neural-model-size', {
    data: {
      values: codebooks
        .filter(({ parameters, windowBits }) => parameters !== null && windowBits === 16)
        .map((found) => ({ ...found, value: bytesPerWindow(found.heldOut) })),
    },
    mark: { type: 'point', filled: true, size: 80 },
    encoding: {
      x: { field: 'parameters', type: 'quantitative', title: 'parameters of M1', scale: { type: 'log' } },
      y: { field: 'value', type: 'quantitative', title: 'bytes per window of 16 bits', scale: { zero: false } },
      color: { field: 'variant', type: 'nominal', title: null, sort: null },
    },
  });
}

async function drawSegmentations(): Promise<void> {
  await draw('neural-segmentation', {
    data: {
      values: segmentations.map(({ quantile, heldOut: measured }) => ({
        quantile: quantile === null ? 'none' : String(quantile),
        value: bytesPerWindow(measured),
      })),
    },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'quantile', type: 'ordinal', title: 'quantile of level and jump', axis: { labelAngle: 0 } },
      y: { field: 'value', type: 'quantitative', title: 'bytes per window of 16 bits', scale: { zero: false } },
    },
  });
}

async function draw(name: string, plot: object): Promise<void> {
  const spec = {
    width: 560,
    height: 300,
    background: 'white',
    config: { legend: { labelLimit: 400 } },
    ...plot,
  } as TopLevelSpec;
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  writeFileSync(join(output!, `${name}.svg`), await view.toSVG());
  view.finalize();
}
