import type { CompressorReport, DatasetReport, PreprocessReport } from '../../data/preprocess/options.js';
import { describeDuration } from './progress.js';
import { alignColumns } from './table.js';

/** What preprocessing made, for people. */
export function describePreprocessing({ datasets, compressors, seconds }: PreprocessReport): string[] {
  const head = ['COMPRESSOR', 'FIELD', 'DOCUMENTS', 'BYTES', 'SYMBOLS', 'BYTES/SYMBOL', 'MB/s A WORKER'];
  return [
    '',
    ...alignColumns([head, ...compressors.map(row)]),
    '',
    ...datasets.flatMap(describeDataset),
    `Took ${describeDuration(seconds)}.`,
  ];
}

function row(compressor: CompressorReport): string[] {
  const { name, field, documents, bytes, symbols, bytesPerSymbol, megabytesPerSecondPerThread } = compressor;
  return [
    name,
    field,
    documents.toLocaleString('en'),
    bytes.toLocaleString('en'),
    symbols.toLocaleString('en'),
    bytesPerSymbol?.toFixed(3) ?? '–',
    megabytesPerSecondPerThread === null ? 'kept' : rate(megabytesPerSecondPerThread),
  ];
}

/** Where a model is asked, a worker makes some kilobytes a second. */
const rate = (megabytes: number): string => (megabytes < 1 ? megabytes.toPrecision(2) : megabytes.toFixed(1));

function describeDataset(dataset: DatasetReport): string[] {
  const { output, complete, written, kept, repaired, documents, empty, skipped, textBytes, verified } = dataset;
  const notes = [
    `${documents.toLocaleString('en')} documents, ${(textBytes / 1e6).toFixed(2)} MB of text`,
    `${counted(written, 'shard')} written`,
    ...(kept > 0 ? [`${kept} kept`] : []),
    ...(repaired > 0 ? [`${counted(repaired, 'damaged shard')} made again`] : []),
    ...(empty > 0 ? [counted(empty, 'empty record')] : []),
    ...(skipped > 0 ? [`${counted(skipped, 'unusable record')} left out`] : []),
    ...(verified ? ['verified'] : []),
  ];
  return [
    `${output}: ${notes.join(', ')}`,
    ...(complete ? [] : ['  Other processes have not finished their shards yet; the last one writes the manifest.']),
  ];
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
