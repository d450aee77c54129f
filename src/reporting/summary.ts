import type { Evaluation, Run } from './run.js';

/** One run as a line of the report's table; undefined where the run does not tell. */
export interface RunSummary {
  name: string;
  directory: string;
  compressor: string;
  /** One line a phase. */
  mix: string[];
  parameters: number | undefined;
  steps: number;
  symbols: number | undefined;
  bytes: number | undefined;
  loss: number | undefined;
  /** Its newest evaluation. */
  evaluation: Evaluation | undefined;
  /** What must agree between runs that are compared. */
  basis: ComparisonBasis;
}

export interface ComparisonBasis {
  /** `8`, or `1 + 1 raw`. */
  heads: string;
  symbolsPerStep: string;
  context: string;
  /** Bytes of text that bits per byte were measured on. */
  evaluatedBytes: string;
}

/** What each part of the basis is called, in the plural where it differs. */
const BASIS_TITLES: Readonly<Record<keyof ComparisonBasis, string>> = {
  heads: 'prediction heads',
  symbolsPerStep: 'symbols a step',
  context: 'symbols of context',
  evaluatedBytes: 'bytes of text that bits per byte were measured on',
};

const UNKNOWN = 'unknown';

export function summarise(run: Run): RunSummary {
  const evaluation = run.evaluations.at(-1);
  return {
    name: run.name,
    directory: run.directory,
    compressor: describeCompressor(run),
    mix: describeMix(run),
    parameters: numeric(run.environment.parameters),
    steps: run.metrics.steps,
    symbols: run.metrics.last.get('total_symbols'),
    bytes: run.metrics.last.get('total_bytes'),
    loss: run.metrics.series.get('loss')?.at(-1)?.value,
    evaluation,
    basis: {
      heads: describeHeads(run),
      symbolsPerStep: describeSymbolsPerStep(run),
      context: text(run, 'batch.sequenceLength'),
      evaluatedBytes: evaluation?.bytes === undefined ? UNKNOWN : String(evaluation.bytes),
    },
  };
}

/** In what the runs differ that must agree for a fair comparison, a sentence each; none for one run. */
export function comparisonNotes(summaries: readonly RunSummary[]): string[] {
  return (Object.keys(BASIS_TITLES) as (keyof ComparisonBasis)[]).flatMap((part) => {
    const evaluated = part === 'evaluatedBytes' ? summaries.filter(({ evaluation }) => evaluation) : summaries;
    const values = new Set(evaluated.map(({ basis }) => basis[part]));
    if (values.size < 2) return [];
    const each = evaluated.map(({ name, basis }) => `${name} ${basis[part]}`).join(', ');
    return [`They differ in the ${BASIS_TITLES[part]}: ${each}.`];
  });
}

function value(run: Run, name: string): unknown {
  return run.settings.get(name)?.value;
}

function text(run: Run, name: string): string {
  const found = value(run, name);
  return found === undefined || found === null ? UNKNOWN : String(found);
}

function numeric(candidate: unknown): number | undefined {
  return typeof candidate === 'number' ? candidate : undefined;
}

/** A run at rate 0 has a compressor in its configuration, and does not use it. */
function describeCompressor(run: Run): string {
  const isRaw = value(run, 'data.schedule.peakRate') === undefined && value(run, 'data.rate') === 0;
  return isRaw ? 'none' : text(run, 'data.compressor');
}

/** `sentinel, rate 0.9`, or the phases of a schedule with the steps of each. */
function describeMix(run: Run): string[] {
  const part = (name: string): string => text(run, `data.schedule.${name}`);
  if (value(run, 'data.schedule.peakRate') === undefined)
    return [`${text(run, 'data.mix')}, rate ${text(run, 'data.rate')}`];
  const phases = [
    `${part('initialMode')} ${part('initialRate')} → ${part('peakRate')}, ${part('warmup')} steps`,
    `${part('steadyMode')} ${part('peakRate')}, ${part('steady')} steps`,
    `${part('finalMode')} ${part('peakRate')} → ${part('finalRate')}, ${part('decay')} steps`,
  ];
  const lengths = ['warmup', 'steady', 'decay'].map((name) => Number(value(run, `data.schedule.${name}`)));
  return phases.filter((_, phase) => lengths[phase]! > 0);
}

function describeHeads(run: Run): string {
  if (text(run, 'model.architecture') === 'opencoder') return '1';
  const raw = Number(value(run, 'model.rawHeads') ?? 0);
  return raw > 0 ? `${text(run, 'model.predictionHeads')} + ${raw} raw` : text(run, 'model.predictionHeads');
}

function describeSymbolsPerStep(run: Run): string {
  const symbols = Number(value(run, 'batch.size')) * Number(value(run, 'batch.sequenceLength'));
  return Number.isFinite(symbols) ? String(symbols) : UNKNOWN;
}
