import type { StreamCosts } from '../../neural-coding/stream-coder.js';
import { alignColumns } from './table.js';

/** What became of one file. */
export interface FileReport {
  input: string;
  output: string;
  textBytes: number;
  fileBytes: number;
  /** Bytes of the text for one of the file; null of nothing. */
  ratio: number | null;
  bitsPerByte: number | null;
  blocks: number;
  seconds: number;
  megabytesPerSecond: number;
}

export interface CompressedFileReport extends FileReport {
  /** Blocks that no code makes shorter, or that the compressor refuses. */
  stored: number;
  refused: number;
}

/** Sizes and speed, from what was counted. */
export function fileReport<Totals extends { textBytes: number; fileBytes: number; blocks: number }>(
  input: string,
  output: string,
  totals: Totals,
  seconds: number,
): Totals & FileReport {
  const { textBytes, fileBytes } = totals;
  return {
    input,
    output,
    ...totals,
    ratio: textBytes === 0 ? null : textBytes / fileBytes,
    bitsPerByte: textBytes === 0 ? null : (8 * fileBytes) / textBytes,
    seconds,
    megabytesPerSecond: textBytes / 1e6 / Math.max(seconds, 1e-6),
  };
}

/** What compressing made, for people. */
export function describeCompression(
  files: readonly CompressedFileReport[],
  compressor: string,
  costs: StreamCosts | null,
): string[] {
  const head = ['FILE', 'BYTES', 'COMPRESSED', 'RATIO', 'BITS/BYTE', 'MB/s'];
  const rows = files.map(({ output, textBytes, fileBytes, ratio, bitsPerByte, megabytesPerSecond }) => [
    output,
    textBytes.toLocaleString('en'),
    fileBytes.toLocaleString('en'),
    ratio?.toFixed(3) ?? '–',
    bitsPerByte?.toFixed(3) ?? '–',
    megabytesPerSecond < 0.1 ? megabytesPerSecond.toPrecision(2) : megabytesPerSecond.toFixed(1),
  ]);
  const bytes = files.reduce((sum, { textBytes }) => sum + textBytes, 0);
  return [
    '',
    ...alignColumns([head, ...rows]),
    '',
    ...files.flatMap((file) => storedLine(file, compressor)),
    ...(costs === null || bytes === 0 ? [] : [costsLine(costs, bytes)]),
  ];
}

function storedLine({ output, blocks, stored, refused }: CompressedFileReport, compressor: string): string[] {
  if (stored === 0) return [];
  const why = refused > 0 ? `, ${refused} of them because ${compressor} cannot represent their bytes` : '';
  return [`${output}: ${stored} of ${blocks} blocks are stored as they are: no code is shorter${why}.`];
}

function costsLine({ model, quantised, coded }: StreamCosts, bytes: number): string {
  const each = (bits: number): string => (bits / bytes).toFixed(4);
  return `Bits per byte: ${each(model)} under the model, ${each(quantised)} under its frequencies in integers, ${each(coded)} coded.`;
}
