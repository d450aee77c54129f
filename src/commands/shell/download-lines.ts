import type { DownloadReport, LeftOut } from '../../data/download/options.js';

/** What a download made, in lines for people. */
export function downloadLines({ manifest, leftOut, resumedFrom }: DownloadReport, output: string): string[] {
  const { documents, textBytes, files } = manifest;
  const reasons = leftOutReasons(leftOut);
  return [
    `${output}: ${documents} documents, ${(textBytes / 1e6).toFixed(2)} MB of text in ${files.length} ${files.length === 1 ? 'file' : 'files'}`,
    ...(resumedFrom > 0 ? [`went on after ${resumedFrom} documents`] : []),
    ...(reasons.length > 0 ? [`left out: ${reasons.join(', ')}`] : []),
  ];
}

function leftOutReasons({ missing, empty, bad }: LeftOut): string[] {
  return [
    ...(missing > 0 ? [`${missing} that the archive does not have`] : []),
    ...(empty > 0 ? [`${empty} without text`] : []),
    ...(bad > 0 ? [`${bad} that cannot be used`] : []),
  ];
}
