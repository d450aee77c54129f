import { basename } from 'node:path';
import { DataError } from '../../support/errors.js';
import type { DataFile } from '../data-files.js';
import { partitionSource } from '../partition.js';
import { type CorpusSample, type SampleOptions, sampleCorpus } from './sample.js';
import { BLOCK_BYTES } from './sample-protocol.js';

/** Bytes of text in a byte of a file, roughly. */
const EXPANSION = { jsonl: 1, gzip: 6, zstd: 6, parquet: 3 } as const satisfies Record<DataFile['format'], number>;

export interface CorpusRequest extends Pick<SampleOptions, 'onBadRecord' | 'seed' | 'workers' | 'signal'> {
  /** Datasets: folders or files. */
  data: readonly string[];
  /** Most bytes of text to keep; null: no sample is asked for. */
  mostBytes: number | null;
  /** Hold out about so many bytes of text, and at most such a share of the documents. */
  heldOut: { bytes: number; share: number };
  progress?(bytes: number, totalBytes: number): void;
}

export interface Corpus extends CorpusSample {
  /** The datasets by name and fingerprint, without paths of this machine. */
  names: string;
}

/**
 * Reads the datasets that something is counted in: a sample of their text, and documents that are held out of it.
 *
 * @throws DataError for missing, damaged or bad data as `sampleCorpus` does, and where a sample is asked for and there is no
 *   text; the signal's reason
 */
export async function readCorpus({ data, mostBytes, heldOut, progress, ...options }: CorpusRequest): Promise<Corpus> {
  const partitions = await Promise.all(data.map((path) => partitionSource(path, { rows: 1, blockBytes: BLOCK_BYTES })));
  const files = partitions.flatMap((partition) => partition.files);
  const totalBytes = files.reduce((sum, { size, format }) => sum + size * EXPANSION[format], 0);
  const corpus = await sampleCorpus({
    ...options,
    paths: data,
    mostBytes: mostBytes ?? 0,
    heldOut: Math.min(heldOut.share, heldOut.bytes / Math.max(1, totalBytes)),
    progress: (bytes) => progress?.(bytes, Math.max(bytes, totalBytes)),
  });
  if (mostBytes !== null && corpus.sample.bytes.length === 0) {
    const hint = corpus.documents === 0 ? 'Its files are empty.' : 'Let more text be kept, or give more data.';
    throw new DataError('there is no text to count in', { file: data.join(', '), hint });
  }
  const names = data.map((path, index) => `${basename(path)} (${partitions[index]!.fingerprint})`).join(', ');
  return { ...corpus, names };
}
