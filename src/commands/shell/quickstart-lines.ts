import type { ModelResult, QuickstartResults } from '../../quickstart/index.js';
import { describeDuration } from './progress.js';
import { alignColumns } from './table.js';
import { thousands } from './training-lines.js';

/** What a quickstart found, and how far that goes, for people. */
export function describeQuickstart(results: QuickstartResults): string[] {
  const { models, heldOut, report, comparison } = results;
  const head = ['MODEL', 'BITS PER BYTE', '95 % INTERVAL', 'UNTRAINED', 'BYTES SEEN', 'SYMBOLS', 'TIME'];
  return [
    '',
    ...alignColumns([head, ...models.map(row)]),
    '',
    `Raw bytes of ${heldOut.documents} held-out files (${thousands(heldOut.bytes)}B); fewer bits are better.`,
    ...verdict(comparison),
    'Both had the same steps, symbols a step, heads and context, so about the same compute. Minutes of it show that',
    'training works, not which way is better: the proxy spent most of its symbols on learning compressed text, which',
    'is meant for budgets that are thousands of times larger.',
    '',
    `Page with curves: ${report}`,
    `Runs: ${models.map(({ run }) => run).join(', ')}`,
  ];
}

function row(model: ModelResult): string[] {
  const { name, trained, interval, untrained, bytes, symbols, trainingSeconds } = model;
  return [
    name,
    trained.toFixed(3),
    interval === null ? 'one file' : `${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}`,
    untrained.toFixed(3),
    thousands(bytes),
    thousands(symbols),
    describeDuration(trainingSeconds),
  ];
}

function verdict({ difference, interval }: QuickstartResults['comparison']): string[] {
  const size = `${Math.abs(difference).toFixed(3)} bits per byte`;
  if (interval === null || (interval.low <= 0 && interval.high >= 0))
    return [`gzip and bytes differ by ${size}, which may be chance.`];
  return [`On raw bytes, ${difference < 0 ? 'gzip' : 'bytes'} is ahead by ${size}.`];
}
