import { join } from 'node:path';
import { type BpbComparison, compareResults, type Interval, readResults, resampling } from '../evaluation/index.js';
import { readMetrics } from '../reporting/metrics-reader.js';
import type { Point } from '../reporting/series.js';
import { METRICS_FILE } from '../training/logging/index.js';
import { evaluationDirectory, type QuickstartLayout, runDirectory, untrainedDirectory } from './layout.js';
import { BASELINE, QUICKSTART_MODELS, type QuickstartModel } from './models.js';
import type { QuickstartPlan } from './plan.js';

/** What became of one model. */
export interface ModelResult {
  name: string;
  title: string;
  /** Directory of its run. */
  run: string;
  parameters: number;
  steps: number;
  /** Bits per byte of held-out raw text, before and after training, with the interval of the latter. */
  untrained: number;
  trained: number;
  interval: Interval | null;
  /** Symbols that it was trained on, and the bytes of text that they stand for. */
  symbols: number;
  bytes: number;
  /** Floating-point operations of its training. */
  flops: number;
  /** Seconds that its steps took. */
  trainingSeconds: number;
}

export interface QuickstartResults {
  models: ModelResult[];
  /** Each proxy (A) less the byte model (B), paired by document. */
  comparisons: { model: string; comparison: BpbComparison }[];
  heldOut: { documents: number; bytes: number };
  /** The page. */
  report: string;
}

/** Gathers what all stages have left in their files. */
export async function gatherResults(
  layout: QuickstartLayout,
  plan: QuickstartPlan,
  signal: AbortSignal,
): Promise<QuickstartResults> {
  const evaluationOf = ({ name }: QuickstartModel) => evaluationDirectory(runDirectory(layout, name));
  const models: ModelResult[] = [];
  const comparisons: QuickstartResults['comparisons'] = [];
  for (const model of QUICKSTART_MODELS) {
    models.push(await resultOf(model, layout, plan));
    if (model === BASELINE) continue;
    const pair = [evaluationOf(model), evaluationOf(BASELINE)] as const;
    comparisons.push({ model: model.name, comparison: await compareResults(pair, { ...resampling(), signal }) });
  }
  const { num_documents, num_bytes } = comparisons[0]!.comparison;
  return { models, comparisons, heldOut: { documents: num_documents, bytes: num_bytes }, report: layout.report };
}

async function resultOf(
  { name, title }: QuickstartModel,
  layout: QuickstartLayout,
  plan: QuickstartPlan,
): Promise<ModelResult> {
  const run = runDirectory(layout, name);
  const before = await readResults(evaluationDirectory(untrainedDirectory(layout, name)));
  const after = await readResults(evaluationDirectory(run));
  const { series, last, steps } = await readMetrics(join(run, METRICS_FILE));
  return {
    name,
    title,
    run,
    parameters: after.model.parameters,
    steps,
    untrained: before.bits_per_byte,
    trained: after.bits_per_byte,
    interval: after.interval,
    symbols: last.get('total_symbols') ?? 0,
    bytes: last.get('total_bytes') ?? 0,
    flops: steps * plan.models[name]!.flopsPerStep,
    trainingSeconds: secondsOf(series.get('tokens_per_second') ?? []),
  };
}

/** The time that a run's steps took, from its speed at every line. */
function secondsOf(speeds: readonly Point[]): number {
  return speeds.reduce(
    (seconds, { symbols, value }, index) => seconds + (symbols - (speeds[index - 1]?.symbols ?? 0)) / value,
    0,
  );
}
