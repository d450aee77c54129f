import type { HubExportReport, ImportReport, OnnxExportReport } from '../../conversion/index.js';
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

/** What an export to ONNX wrote. */
export function describeGraph(report: OnnxExportReport): string[] {
  const { output, architecture, bytes, shapes, files, leftOut } = report;
  return [
    `${output}: ${architecture}, ${parametersOf(report)}, ${amount(bytes, 'bytes')} of fp32`,
    `ids [${shapes.ids.join(', ')}] of int32 → logits [${shapes.logits.join(', ')}]`,
    ...leftOut.map((part) => `left out ${part}`),
    ...files.map((file) => `  ${file}`),
  ];
}

/** What an import wrote. */
export function describeImport(report: ImportReport): string[] {
  const { output, architecture, vocabularySize } = report;
  return [`${output}: ${architecture}, ${parametersOf(report)}, ${vocabularySize} ids`];
}
