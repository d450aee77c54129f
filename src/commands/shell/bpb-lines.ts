import type { BpbComparison, BpbResults, Interval } from '../../evaluation/index.js';
import { alignColumns } from './table.js';

/** Sources that are listed one by one; more are only in the results. */
const LISTED_SOURCES = 20;

/** What an evaluation found, for people. */
export function describeBpbResults(results: BpbResults, directory: string): string[] {
  const { conditions, sources } = results;
  const rows = [
    ['bits per byte', `${bits(results.bits_per_byte)}${within(results.interval)}`],
    ['  with ends of documents', bits(results.bits_per_byte_with_eos)],
    ['nats per symbol', results.nats_per_token.toFixed(4)],
    ['text', `${amountOf(results.num_bytes, 'byte')} in ${amountOf(results.num_documents, 'document')}`],
    ['shown as', representation(results)],
    ['windows', windows(results)],
    ...contextSeen(results),
    ...(conditions.skipped_records > 0 ? [['skipped', `${count(conditions.skipped_records)} bad records`]] : []),
    ...Object.entries(results.layouts).flatMap(([layout, figures]) =>
      Object.keys(results.layouts).length > 1 ? [[`  ${layout}`, bits(figures.bits_per_byte)]] : [],
    ),
  ];
  const listed = sources.length > 1 ? sources.slice(0, LISTED_SOURCES) : [];
  const table = listed.map(({ source, bits_per_byte, interval, num_documents }) => [
    `  ${source}`,
    `${bits(bits_per_byte)}${within(interval)}`,
    amountOf(num_documents, 'document'),
  ]);
  return [
    ...alignColumns(rows),
    ...(table.length > 0 ? ['', ...alignColumns([['SOURCE', 'BITS PER BYTE'], ...table])] : []),
    ...(sources.length > LISTED_SOURCES ? [`  … and ${sources.length - LISTED_SOURCES} more in the results`] : []),
    ...positionLines(results.positions),
    `Results: ${directory}`,
  ];
}

/** Positions that are listed one by one; all are in the results. */
const LISTED_POSITIONS = 16;

function positionLines(positions: BpbResults['positions']): string[] {
  if (positions === undefined) return [];
  const rows = positions
    .slice(0, LISTED_POSITIONS)
    .map(({ position, bits: cost, symbols }) => [`  ${position}`, bits(cost), amountOf(symbols, 'symbol')]);
  const more = positions.length > LISTED_POSITIONS ? [`  … to ${positions.at(-1)!.position} in the results`] : [];
  return ['', ...alignColumns([['POSITION IN ITS CROP', 'BITS PER SYMBOL'], ...rows]), ...more];
}

/** What a comparison found, for people. */
export function describeBpbComparison({
  a,
  b,
  difference,
  interval,
  share_better,
  share_equal,
  ...rest
}: BpbComparison): string[] {
  const signed = (value: number) => `${value > 0 ? '+' : ''}${bits(value)}`;
  const sure = interval !== null && (interval.high < 0 || interval.low > 0);
  const verdict = sure ? `${difference < 0 ? 'A' : 'B'} is better` : 'no difference is certain';
  return [
    ...alignColumns([
      ['A', a.checkpoint, `${bits(a.bits_per_byte)} bits per byte`],
      ['B', b.checkpoint, `${bits(b.bits_per_byte)} bits per byte`],
    ]),
    `A − B: ${signed(difference)} bits per byte${within(interval, signed)}: ${verdict}`,
    `A needs fewer bits on ${percent(share_better)} of ${count(rest.num_documents)} documents${
      share_equal > 0 ? `, as many on ${percent(share_equal)}` : ''
    }`,
    ...(rest.unlike.length > 0
      ? ['The two are not alike (A and B):', ...rest.unlike.map((difference) => `  ${difference}`)]
      : []),
  ];
}

function representation({ conditions: { representation: shown }, model }: BpbResults): string {
  const what = shown.raw_only || shown.rate === 0 ? 'raw bytes' : `${shown.mode}, rate ${shown.rate}`;
  return `${what}, at step ${count(model.step)}`;
}

function windows({ conditions }: BpbResults): string {
  const { context, stride, crops, crops_at, context_bytes, context_bytes_wanted, document_mask } = conditions;
  const wanted = context_bytes_wanted === null ? '' : ` (${count(context_bytes_wanted)} asked for)`;
  return [
    `${count(context)} symbols, ${count(Math.round(context_bytes))} bytes${wanted}`,
    crops
      ? `each beginning anew${crops_at ? ` at windows of the codebook ${crops_at.slice(0, 12)}` : ''}`
      : `stride ${count(stride)}`,
    document_mask ? 'documents kept apart' : 'across documents',
  ].join(', ');
}

/** How much text before it a scored symbol is predicted from, and what windows take of that. */
function contextSeen({ conditions: { context_seen: seen, document_mask } }: BpbResults): string[][] {
  if (seen === null) return [['context', 'no symbol was scored']];
  const amount = ({ symbols, bytes }: { symbols: number; bytes: number }) =>
    `${amountOf(symbols, 'symbol')} (${amountOf(bytes, 'byte')})`;
  const [one, many] = document_mask
    ? ['all of its document before it', 'all of their documents before them']
    : ['all text before it', 'all text before them'];
  return [
    ['context, mean', amount(seen.mean)],
    ['context, least', amount(seen.least)],
    [
      '  cut by windows',
      seen.cut === null
        ? `never: every symbol is predicted from ${one}`
        : `for ${percent(seen.cut.share)} of symbols, which still see at least ${amount(seen.cut.least)}; the others see ${many}`,
    ],
  ];
}

const amountOf = (value: number, unit: string): string =>
  `${count(Math.round(value))} ${unit}${Math.round(value) === 1 ? '' : 's'}`;
const bits = (value: number): string => value.toFixed(4);
const count = (value: number): string => value.toLocaleString('en');
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function within(interval: Interval | null, show: (value: number) => string = bits): string {
  if (interval === null) return '';
  return ` (${percent(interval.level).replace('.0', '')} interval ${show(interval.low)} to ${show(interval.high)})`;
}
