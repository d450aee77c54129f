import type { HubExportReport, ImportReport } from '../../conversion/index.js';
import { amount } from './progress.js';

const parametersOf = ({ parameters, tensors }: { parameters: number; tensors: number }): string =>
  `${parameters.toLocaleString('en-US')} parameters in ${tensors} tensors`;

/** What an export wrote. */
export function describeExport(report: HubExportReport): string[] {
  const { output, architecture, dtype, bytes, files, leftOut } = report;
  return [
    `${output}: ${architecture}, ${parametersOf(report)}, ${amount(bytes, 'bytes')} of ${dtype}`,
    ...leftOut.map((part) => `left out ${part}`),
    ...files.map((file) => `  ${file}`),
  ];
}

/** What an import wrote. */
export function describeImport(report: ImportReport): string[] {
  const { output, architecture, vocabularySize } = report;
  return [`${output}: ${architecture}, ${parametersOf(report)}, ${vocabularySize} ids`];
}
