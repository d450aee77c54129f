import type { ModelResult, QuickstartResults } from '../../quickstart/index.js';
import { describeDuration } from './progress.js';
import { alignColumns } from './table.js';
import { thousands } from './training-lines.js';

/** The compute of models that end within a step of each other differs by less than this share: none has fewer than ten steps. */
const STEP_SHARE = 0.1;

/** What a quickstart found, and how far that goes, for people. */
export function describeQuickstart(results: QuickstartResults): string[] {
  const { models, heldOut, report, comparisons } = results;
  const head = [
    'MODEL',
    'BITS PER BYTE',
    '95 % INTERVAL',
    'UNTRAINED',
    'GFLOP',
    'STEPS',
    'SYMBOLS SEEN',
    'BYTES SEEN',
    'TIME',
  ];
  return [
    '',
    ...alignColumns([head, ...models.map(row)]),
    '',
    `Raw bytes of ${heldOut.documents} held-out files (${thousands(heldOut.bytes)}B); fewer bits are better.`,
    ...comparisons.map(verdict),
    terms(models),
    'Minutes of training show that it works and that what is learned from compressed text carries over to raw bytes; they',
    'do not show which way is better. A proxy spends most of its symbols on text in another form, which pays off in models',
    'and budgets that are thousands of times larger: expect the byte model ahead here.',
    '',
    `Page with curves: ${report}`,
    `Runs: ${models.map(({ run }) => run).join(', ')}`,
  ];
}

function row(model: ModelResult): string[] {
  const { name, trained, interval, untrained, flops, steps, symbols, bytes, trainingSeconds } = model;
  return [
    name,
    trained.toFixed(3),
    interval === null ? 'one file' : `${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}`,
    untrained.toFixed(3),
    (flops / 1e9).toFixed(0),
    String(steps),
    thousands(symbols),
    thousands(bytes),
    describeDuration(trainingSeconds),
  ];
}

/** What the models had alike, which in very little time is not their compute: each takes a few steps all the same. */
function terms(models: readonly ModelResult[]): string {
  const flops = models.map((model) => model.flops);
  return Math.min(...flops) >= (1 - STEP_SHARE) * Math.max(...flops)
    ? 'All had the same compute, symbols a step, heads and context.'
    : 'All had the same symbols a step, heads and context, but not the same compute: more --minutes make it equal.';
}

function verdict({ model, comparison: { difference, interval } }: QuickstartResults['comparisons'][number]): string {
  const size = `${Math.abs(difference).toFixed(3)} bits per byte`;
  if (interval === null || (interval.low <= 0 && interval.high >= 0))
    return `${model} and bytes differ by ${size}, which may be chance.`;
  return `On raw bytes, ${difference < 0 ? `${model} is ahead of bytes` : `bytes is ahead of ${model}`} by ${size}.`;
}
