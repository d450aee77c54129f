import type { ModelResult, QuickstartResults } from '../../quickstart/index.js';
import { describeDuration } from './progress.js';
import { alignColumns } from './table.js';
import { thousands } from './training-lines.js';

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
    'All had the same compute, symbols a step, heads and context. Minutes of it show that training works and that what is',
    'learned from compressed text carries over to raw bytes; they do not show which way is better. A proxy spends most of',
    'its symbols on text in another form, which pays off in models and budgets that are thousands of times larger: expect',
    'the byte model ahead here.',
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

function verdict({ model, comparison: { difference, interval } }: QuickstartResults['comparisons'][number]): string {
  const size = `${Math.abs(difference).toFixed(3)} bits per byte`;
  if (interval === null || (interval.low <= 0 && interval.high >= 0))
    return `${model} and bytes differ by ${size}, which may be chance.`;
  return `On raw bytes, ${difference < 0 ? `${model} is ahead of bytes` : `bytes is ahead of ${model}`} by ${size}.`;
}
