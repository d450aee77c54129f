/**
 * What the parameters of the window coder cost and gain, measured: builds a codebook for every width of windows and every
 * coder, and measures its windows on datasets that it was not made from.
 *
 *     npx tsx scripts/codebook-study.ts TRAINING OUTPUT HELD-OUT… [--m1 CHECKPOINT] [--windows 12,14,16] [--memory MB]
 *
 * OUTPUT gets `study.json` and the plots of docs/neural-compression.md; figures that it has are not measured again. Besides
 * the coders, all from counts at the starts of windows, `strict` is made from counts at random positions and, with --m1,
 * from a trained model.
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
import type { ByteModel } from '../src/neural-coding/byte-model.js';
import { readCodebook } from '../src/neural-coding/codebook-file.js';
import { COMPILED_WINDOWS, WINDOW_CODERS, type WindowCoder } from '../src/neural-coding/parameters.js';
import { openByteModel } from '../src/plugins/byte-model/index.js';

interface Variant {
  title: string;
  coder: WindowCoder;
  source: 'random' | 'windows' | 'm1';
}

interface Finding {
  variant: string;
  windowBits: number;
  /** Strings that can be a window or the beginning of one, and those with a code. */
  strings: number;
  codes: number;
  fileBytes: number;
  seconds: number;
  rounds: number;
  heldOut: Record<string, { bytes: number; windows: number; literals: number; ambiguousShare: number }>;
}

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: {
    m1: { type: 'string' },
    windows: { type: 'string', default: COMPILED_WINDOWS.join(',') },
    memory: { type: 'string', default: String(BUILD_DEFAULTS.memoryBytes / 1e6) },
  },
});
const [training, output, ...heldOut] = positionals;
if (training === undefined || output === undefined || heldOut.length === 0) {
  process.stderr.write(
    'usage: tsx scripts/codebook-study.ts TRAINING OUTPUT HELD-OUT… [--m1 CHECKPOINT] [--windows …]\n',
  );
  process.exit(2);
}
const variants: Variant[] = [
  ...WINDOW_CODERS.map((coder): Variant => ({ title: coder, coder, source: 'windows' })),
  { title: 'strict, counts at random positions', coder: 'strict', source: 'random' },
  ...(flags.m1 === undefined ? [] : [{ title: 'strict, M1', coder: 'strict', source: 'm1' } satisfies Variant]),
];

mkdirSync(output, { recursive: true });
const file = join(output, 'study.json');
const findings: Finding[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
const model = flags.m1 === undefined ? null : await openByteModel(flags.m1);
for (const windowBits of flags.windows.split(',').map(Number))
  for (const variant of variants) {
    if (findings.some((found) => found.variant === variant.title && found.windowBits === windowBits)) continue;
    const found = await study(variant, windowBits, model);
    findings.push(found);
    writeFileSync(file, `${JSON.stringify(findings, null, 2)}\n`);
    process.stdout.write(
      `${windowBits} bits, ${variant.title}: ${bytesPerWindow(found).toFixed(3)} bytes a window, ${found.codes} codes, ${found.seconds.toFixed(0)} s\n`,
    );
  }
await model?.dispose();
await draw('neural-bytes-per-window', 'bytes per window', bytesPerWindow);
await draw('neural-bits-per-byte', 'bits per byte', (found) => found.windowBits / bytesPerWindow(found));

async function study({ title, coder, source }: Variant, windowBits: number, m1: ByteModel | null): Promise<Finding> {
  const scratch = mkdtempSync(join(tmpdir(), 'codebook-study-'));
  try {
    const path = join(scratch, 'study.codebook');
    const common = {
      data: source === 'm1' ? [] : [training!],
      output: path,
      windowBits,
      coder,
      onBadRecord: 'fail',
      validation: source === 'm1' ? heldOut[0]! : null,
      seed: BUILD_DEFAULTS.seed,
      heldOutBytes: BUILD_DEFAULTS.heldOutBytes,
      memoryBytes: Number(flags.memory) * 1e6,
      workers: availableParallelism(),
      frequencies: null,
      force: false,
    } as const;
    const report: CodebookBuildReport = await buildCodebook(
      source === 'm1'
        ? { ...common, source: 'm1', model: m1!, corpus: 'a study' }
        : { ...common, source: 'counts', rounds: source === 'random' ? 1 : BUILD_DEFAULTS.rounds, starts: 'random' },
    );
    const codebook = await readCodebook(path);
    const measured: Finding['heldOut'] = {};
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

/** Over all datasets, literals counting as windows. */
function bytesPerWindow({ heldOut: measured }: Finding): number {
  const [bytes, units] = Object.values(measured).reduce(
    ([sum, count], found) => [sum + found.bytes, count + found.windows + found.literals],
    [0, 0],
  );
  return bytes / units;
}

async function draw(name: string, title: string, value: (found: Finding) => number): Promise<void> {
  const spec: TopLevelSpec = {
    width: 560,
    height: 300,
    background: 'white',
    data: {
      values: findings.map((found) => ({ bits: found.windowBits, value: value(found), variant: found.variant })),
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
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  writeFileSync(join(output!, `${name}.svg`), await view.toSVG());
  view.finalize();
}
