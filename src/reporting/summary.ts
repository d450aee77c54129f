import type { Evaluation, EvaluationConditions } from './evaluations.js';
import type { Run } from './run.js';

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
  /** The evaluation to judge it by. */
  evaluation: Evaluation | undefined;
  /** What must agree between runs that are compared. */
  basis: ComparisonBasis;
}

export interface ComparisonBasis {
  /** `8`, or `1 + 1 raw`. */
  heads: string;
  symbolsPerStep: string;
  context: string;
}

/** What each part of the basis is called. */
const BASIS_TITLES: Readonly<Record<keyof ComparisonBasis, string>> = {
  heads: 'prediction heads',
  symbolsPerStep: 'symbols a step',
  context: 'symbols of context',
};

const CONDITION_TITLES: Readonly<Record<keyof EvaluationConditions, string>> = {
  representation: 'representations of the text',
  context: 'windows, in symbols',
  stride: 'strides, in symbols',
  documentMask: 'document masks',
  bytes: 'amounts of text, in bytes',
  data: 'held-out data',
};

const UNKNOWN = 'unknown';

export function summarise(run: Run): RunSummary {
  return {
    name: run.name,
    directory: run.directory,
    compressor: describeCompressor(run),
    mix: describeMix(run),
    parameters: run.parameters,
    steps: run.metrics.steps,
    symbols: run.metrics.last.get('total_symbols'),
    bytes: run.metrics.last.get('total_bytes'),
    loss: run.metrics.series.get('loss')?.at(-1)?.value,
    evaluation: run.evaluations.at(-1),
    basis: {
      heads: describeHeads(run),
      symbolsPerStep: describeSymbolsPerStep(run),
      context: text(run, 'batch.sequenceLength'),
    },
  };
}

/** In what the runs and their evaluations differ that must agree for a fair comparison, a sentence each. */
export function comparisonNotes(summaries: readonly RunSummary[]): string[] {
  const runs = summaries.map(({ name, basis }) => ({ name, values: basis }));
  const evaluations = summaries.flatMap(({ name, evaluation }) =>
    evaluation ? [{ name, values: evaluation.conditions }] : [],
  );
  return [
    ...differences(runs, BASIS_TITLES, 'They differ in the'),
    ...differences(evaluations, CONDITION_TITLES, 'Their bits per byte were measured with different'),
  ];
}

function differences<Key extends string>(
  measured: readonly { name: string; values: Readonly<Record<Key, string>> }[],
  titles: Readonly<Record<Key, string>>,
  beginning: string,
): string[] {
  return (Object.keys(titles) as Key[]).flatMap((key) => {
    if (new Set(measured.map(({ values }) => values[key])).size < 2) return [];
    const each = measured.map(({ name, values }) => `${name} ${values[key]}`).join(', ');
    return [`${beginning} ${titles[key]}: ${each}.`];
  });
}

function value(run: Run, name: string): unknown {
  return run.settings.get(name)?.value;
}

function text(run: Run, name: string): string {
  const found = value(run, name);
  return found === undefined || found === null ? UNKNOWN : String(found);
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
  const raw = Number(value(run, 'model.rawHeads') ?? 0);
  return raw > 0 ? `${text(run, 'model.predictionHeads')} + ${raw} raw` : text(run, 'model.predictionHeads');
}

function describeSymbolsPerStep(run: Run): string {
  const symbols = Number(value(run, 'batch.size')) * Number(value(run, 'batch.sequenceLength'));
  return Number.isFinite(symbols) ? String(symbols) : UNKNOWN;
}
