import type { TokenizerTrainingReport } from '../../data/tokenizer-training/options.js';
import { describeDuration } from './progress.js';
import { alignColumns } from './table.js';

const count = (value: number): string => value.toLocaleString('en-US');
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;

/** The summary of `pc tokenizer train`. */
export function describeTokenizerTraining(report: TokenizerTrainingReport): string[] {
  const { passedOver, heldOut, superwordUnits, seconds } = report;
  const across = report.merges - report.mergesWithinPretokens;
  const rows: [string, string][] = [
    ['documents', `${count(report.documents)}, ${megabytes(report.textBytes)} of text`],
    ['distinct pre-tokens', count(report.pretokens)],
    ...(superwordUnits > 0 ? [['distinct superword units', count(superwordUnits)] as [string, string]] : []),
    ['tokens', count(report.tokens)],
    ['merges', across > 0 ? `${count(report.merges)}, ${count(across)} of them across words` : count(report.merges)],
    [
      'bytes per token',
      heldOut === null
        ? 'not measured: no document was held out'
        : `${heldOut.bytesPerToken.toFixed(3)} on ${count(heldOut.documents)} held-out documents, ${megabytes(heldOut.bytes)}`,
    ],
    ['time', `counting ${describeDuration(seconds.counting)}, merging ${describeDuration(seconds.merging)}`],
  ];
  return [
    `${report.output}:`,
    ...alignColumns(rows).map((line) => `  ${line}`),
    ...(passedOver.bad > 0 ? [`skipped ${count(passedOver.bad)} records that cannot be read`] : []),
    ...(passedOver.empty > 0 ? [`left out ${count(passedOver.empty)} empty documents`] : []),
  ];
}
