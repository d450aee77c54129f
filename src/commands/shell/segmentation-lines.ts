import type { EntropyTableReport, SegmentStatistics } from '../../data/segmentation-building/options.js';
import { ENTROPY_UNITS_PER_BIT } from '../../neural-coding/segmentation-rule.js';
import { describeDuration } from './progress.js';
import { alignColumns } from './table.js';

const count = (value: number): string => value.toLocaleString('en-US');
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const bits = (units: number): string => (units / ENTROPY_UNITS_PER_BIT).toFixed(3);

/** The summary of `pc codebook segmentation`. */
export function describeEntropyTable(report: EntropyTableReport): string[] {
  const { segments, comparison, passedOver, seconds } = report;
  const rows: [string, string][] = [
    ['documents', `${count(report.documents)}, ${megabytes(report.textBytes)} of text`],
    ['counted', megabytes(report.countedBytes)],
    ['quantiles of', megabytes(report.calibrationBytes)],
    ['contexts', count(report.contexts)],
    ['segments', describeSegments(segments)],
    ...(comparison === null
      ? []
      : ([
          ['segments of the model', `${describeSegments(comparison.model)}; ${megabytes(comparison.bytes)}`],
          [
            'boundaries in common',
            `F1 ${percent(comparison.f1)}, precision ${percent(comparison.precision)}, recall ${percent(comparison.recall)}`,
          ],
        ] satisfies [string, string][])),
    ['time', `reading ${describeDuration(seconds.reading)}, counting ${describeDuration(seconds.counting)}`],
    ['fingerprint', report.fingerprint],
  ];
  return [
    `${report.output}:`,
    ...alignColumns(rows).map((line) => `  ${line}`),
    ...(passedOver.bad > 0 ? [`skipped ${count(passedOver.bad)} records that cannot be read`] : []),
  ];
}

function describeSegments({ rule, meanBits, bytesPerSegment }: SegmentStatistics): string {
  const level = `h > ${bits(rule.level)}`;
  const jump = `rise > ${bits(rule.jump)}`;
  const condition =
    rule.criterion === 'level' ? level : rule.criterion === 'jump' ? jump : `${level} ${rule.criterion} ${jump}`;
  return `${bytesPerSegment.toFixed(2)} bytes where ${condition}; ${meanBits.toFixed(3)} bits a byte`;
}
