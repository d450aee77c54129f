import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeFileAtomic } from '../../support/atomic-files.js';
import { makeDirectory } from '../../support/durable-files.js';
import { DataError } from '../../support/errors.js';
import { asOutputError, exists, refuseToOverwrite, systemErrorCode } from '../../support/output-failures.js';
import { removeStaleTemporaries, temporaryBeside } from '../../support/temporaries.js';
import { loadTokenizer } from '../../tokenizers/index.js';
import { splitterOf, trainTokenizer } from '../../tokenizers/training/index.js';
import type { DataFile } from '../data-files.js';
import type { PassedOver } from '../documents.js';
import { partitionSource } from '../partition.js';
import { countPretokens } from './count.js';
import { BLOCK_BYTES, type UnitCounts } from './count-protocol.js';
import type { TokenizerTrainingReport, TokenizerTrainingRequest } from './options.js';
import type { Selection } from './selection.js';

/** Bytes of text in a byte of a file, roughly. */
const EXPANSION = { jsonl: 1, gzip: 6, zstd: 6, parquet: 3 } as const satisfies Record<DataFile['format'], number>;
const MOST_HELD_OUT = 0.01;

/** What is known of the corpus after the first pass over it. */
interface CorpusFacts {
  documents: number;
  textBytes: number;
  passedOver: PassedOver;
  /** By unit, so that their order does not depend on threads. */
  heldOut: Uint8Array[][];
}

/**
 * Trains a tokenizer on datasets and writes it. The file is the same for any number of workers and any memory.
 *
 * @throws DataError for missing, damaged or empty data and for bad records, unless they are skipped; TokenizerError for
 *   options that cannot be met; OutputError if the output exists (without `force`) or cannot be written; the signal's
 *   reason. Nothing is left then.
 */
export async function trainTokenizerOnData(request: TokenizerTrainingRequest): Promise<TokenizerTrainingReport> {
  const { data, output, tokenizer, workers, signal, progress } = request;
  // Threads compile it again: what they throw on starting has lost its class, and comes late.
  splitterOf(tokenizer.pattern);
  await refuseToOverwrite(output, request.force);
  const partitions = await Promise.all(
    data.map((path) => partitionSource(path, { rows: workers, blockBytes: BLOCK_BYTES })),
  );
  const units = partitions.flatMap((partition, path) => partition.units.map((unit) => ({ path, unit })));
  const files = partitions.flatMap((partition) => partition.files);
  const totalBytes = files.reduce((sum, { size, format }) => sum + size * EXPANSION[format], 0);
  const selection = selectionFor(request, totalBytes);
  const corpus: CorpusFacts = { documents: 0, textBytes: 0, passedOver: { bad: 0, empty: 0 }, heldOut: [] };
  const seconds = { counting: 0, merging: 0 };

  const missing = await missingFolders(output);
  const folder = await makeFolderBeside(output);
  let isWritten = false;
  try {
    const begun = performance.now();
    let pass = 0;
    const source = {
      async count(pattern: string) {
        const passBegun = performance.now();
        pass++;
        let bytes = 0;
        // Each pass has its runs: those of the one before may still be there.
        const runs = join(folder, `pass-${pass}`);
        await mkdir(runs);
        const counted = await countPretokens({
          paths: data,
          readers: workers,
          pattern,
          onBadRecord: request.onBadRecord,
          selection,
          memoryBytes: request.memoryBytes,
          folder: runs,
          workers,
          units,
          signal,
          onUnit: (unit, index) => {
            if (pass === 1) addUnit(corpus, unit, index);
            bytes += unit.textBytes;
            progress?.({ phase: 'count', pass, bytes, totalBytes: totalBytes * selection.sample });
          },
        });
        if (corpus.documents === 0) throw noDocuments(data);
        seconds.counting += (performance.now() - passBegun) / 1000;
        return counted;
      },
    };
    const { vocabularySize } = tokenizer;
    const { file, ...trained } = await trainTokenizer(source, tokenizer, {
      signal,
      progress: (tokens) => progress?.({ phase: 'merge', tokens, vocabularySize }),
    });
    seconds.merging = (performance.now() - begun) / 1000 - seconds.counting;
    const content = output.endsWith('.gz') ? gzipSync(file, { level: 9 }) : Buffer.from(file);
    // Measured before it has its name: whatever fails until then leaves nothing.
    const measured = join(folder, basename(output));
    await writeFile(measured, content);
    const heldOut = await measure(measured, corpus.heldOut.flat());
    await writeFileAtomic(output, content);
    isWritten = true;
    const { documents, textBytes, passedOver } = corpus;
    const { minFrequency } = tokenizer;
    const requested = { tokens: vocabularySize, minFrequency };
    return { output, documents, textBytes, passedOver, requested, ...trained, heldOut, seconds };
  } finally {
    await rm(folder, { recursive: true, force: true });
    if (!isWritten) await removeEmpty(missing);
  }
}

/** Folders above a file that are yet to be made, the deepest first. */
async function missingFolders(path: string): Promise<string[]> {
  const missing: string[] = [];
  for (let at = dirname(resolve(path)); !(await exists(at)); at = dirname(at)) missing.push(at);
  return missing;
}

/** Removes folders unless another process has put something there. */
async function removeEmpty(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    try {
      await rmdir(folder);
    } catch (error) {
      if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemErrorCode(error) ?? '')) return;
      throw error;
    }
  }
}

/** A folder for counts that do not fit in memory; that it can be made is known before any work is done. */
async function makeFolderBeside(output: string): Promise<string> {
  const folder = temporaryBeside(output);
  try {
    await makeDirectory(dirname(output));
    await removeStaleTemporaries(dirname(output));
    await mkdir(folder);
    return folder;
  } catch (error) {
    throw asOutputError(error, output);
  }
}

function selectionFor({ sampleBytes, heldOutBytes, seed }: TokenizerTrainingRequest, totalBytes: number): Selection {
  const sample = sampleBytes === null ? 1 : Math.min(1, sampleBytes / totalBytes);
  return { seed, sample, heldOut: Math.min(MOST_HELD_OUT, heldOutBytes / (totalBytes * sample)) };
}

function addUnit(corpus: CorpusFacts, unit: UnitCounts, index: number): void {
  corpus.documents += unit.documents;
  corpus.textBytes += unit.textBytes;
  corpus.passedOver.bad += unit.passedOver.bad;
  corpus.passedOver.empty += unit.passedOver.empty;
  corpus.heldOut[index] = unit.heldOut;
}

function noDocuments(data: readonly string[]): DataError {
  const hint = 'Its files are empty, or --sample-bytes is too small.';
  return new DataError('there are no documents', { file: data.join(', '), hint });
}

async function measure(path: string, documents: readonly Uint8Array[]): Promise<TokenizerTrainingReport['heldOut']> {
  if (documents.length === 0) return null;
  const tokenizer = await loadTokenizer(path);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let [bytes, tokens] = [0, 0];
  for (const document of documents) {
    bytes += document.length;
    tokens += tokenizer.encode(decoder.decode(document), { matchAddedTokens: 'none' }).length;
  }
  return { documents: documents.length, bytes, tokens, bytesPerToken: bytes / tokens };
}
