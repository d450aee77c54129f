import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeDirectoryAtomic } from '../support/atomic-files.js';
import { DataError, UsageError } from '../support/errors.js';
import { Random } from '../support/random/index.js';
import { isWithin, realPath } from '../support/real-path.js';
import { removeStaleTemporaries } from '../support/temporaries.js';
import { type DataFile, listDataFiles } from './data-files.js';
import { requireFreeDatasetDirectory } from './dataset-directory.js';
import { type DatasetManifest, DatasetWriter } from './dataset-writer.js';
import { badRecord, type PassedOver, passOver } from './documents.js';
import { LineBuckets } from './line-buckets.js';
import { recordLines } from './record-lines.js';
import { parseLine } from './records.js';
import type { ShuffleOptions, ShuffleReport } from './shuffle-options.js';

/** Files that may be open at once. */
const MOST_BUCKETS = 256;
/** How much larger the records of a compressed file are than the file, roughly; a wrong guess costs another pass. */
const EXPANSION = 6;
/** Buckets are planned this much smaller than the memory, since some turn out larger than the mean. */
const HEADROOM = 2;

/**
 * Writes the records of a dataset in random order, every order being equally likely, as chunks of JSONL. Records are
 * dealt at random into buckets on the disk, then each bucket is shuffled in memory; a bucket that is larger than the
 * memory is dealt again.
 *
 * @throws UsageError if the output is, holds or lies in the input; DataError for missing, damaged or empty input and for bad records, unless they are skipped; OutputError if the
 *   output exists already (with `force`: if it is no dataset) or cannot be written. Nothing is left under the final name then.
 */
export async function shuffleDataset(options: ShuffleOptions): Promise<ShuffleReport> {
  await requireApart(options);
  await requireFreeDatasetDirectory(options.output, options.force);
  const files = await listDataFiles(options.input);
  // What a shuffle that was killed left behind may be as large as the dataset.
  await removeStaleTemporaries(dirname(options.output));
  const passedOver: PassedOver = { bad: 0, empty: 0 };
  let manifest: DatasetManifest | undefined;
  await writeDirectoryAtomic(
    options.output,
    async (folder) => {
      manifest = await shuffleInto(folder, files, options, passedOver);
    },
    { replace: options.force },
  );
  return { manifest: manifest!, passedOver };
}

/** The output takes a folder's place: neither may hold the other. */
async function requireApart({ input, output }: ShuffleOptions): Promise<void> {
  const [from, to] = [await realPath(input), await realPath(output)];
  if (!isWithin(from, to) && !isWithin(to, from)) return;
  const how = from === to ? 'is the input itself' : isWithin(to, from) ? 'lies in the input' : 'holds the input';
  throw new UsageError(`the output ${output} ${how}`, {
    field: '--output',
    hint: 'Choose a folder beside the input, and move it to its place afterwards.',
  });
}

async function shuffleInto(folder: string, files: DataFile[], options: ShuffleOptions, passedOver: PassedOver) {
  const spool = join(folder, 'spool');
  await mkdir(spool);
  const writer = new DatasetWriter(folder, options);
  const bytes = files.reduce((sum, { format, size }) => sum + size * (format === 'jsonl' ? 1 : EXPANSION), 0);
  try {
    await shuffleLines(records(files, options, passedOver), bytes, [], spool, writer, options);
    if (writer.documents === 0) {
      throw new DataError('there are no documents', { file: options.input, hint: 'Its files are empty.' });
    }
    await rm(spool, { recursive: true });
    return await writer.finish({ command: 'data shuffle', seed: options.seed, memoryBytes: options.memoryBytes });
  } finally {
    await writer.abandon();
  }
}

/** @param path the buckets that these lines came from; none for the input itself */
async function shuffleLines(
  lines: AsyncIterable<Uint8Array>,
  bytes: number,
  path: readonly number[],
  spool: string,
  writer: DatasetWriter,
  options: ShuffleOptions,
): Promise<void> {
  const { seed, memoryBytes } = options;
  const count = Math.min(MOST_BUCKETS, Math.max(1, Math.ceil((bytes * HEADROOM) / memoryBytes)));
  const buckets = new LineBuckets(spool, ['lines', ...path].join('-'), count);
  try {
    const random = Random.fromSeed(seed, path.length, ...path);
    for await (const line of lines) {
      options.signal?.throwIfAborted();
      await buckets.append(random.integer(count), line);
    }
    await buckets.finish();
    for (let bucket = 0; bucket < count; bucket++) {
      const size = buckets.bytes(bucket);
      // `bytes` of the input is a guess; below it, a bucket that got everything holds one long record and cannot be dealt.
      if (size > memoryBytes && (path.length === 0 || size < bytes)) {
        await shuffleLines(buckets.lines(bucket), size, [...path, bucket], spool, writer, options);
      } else {
        await writeShuffled(buckets.lines(bucket), random, writer);
      }
      await buckets.remove(bucket);
    }
  } finally {
    await buckets.abandon();
  }
}

async function writeShuffled(lines: AsyncIterable<Uint8Array>, random: Random, writer: DatasetWriter): Promise<void> {
  const held: Uint8Array[] = [];
  for await (const line of lines) held.push(new Uint8Array(line));
  random.shuffle(held);
  for (const line of held) {
    const result = parseLine(line, null);
    if ('document' in result) await writer.add(line, result.document.bytes.length);
  }
}

/** The records of all files as lines of JSON that are known to be good. */
async function* records(
  files: DataFile[],
  { onBadRecord, progress }: ShuffleOptions,
  passedOver: PassedOver,
): AsyncGenerator<Uint8Array> {
  const done = { documents: 0, bytes: 0 };
  for (const file of files) {
    for await (const { line, number, result } of recordLines(file)) {
      if (!('document' in result)) {
        const defect = passOver(result, onBadRecord, passedOver);
        if (defect !== null) throw badRecord(defect, file, number);
        continue;
      }
      done.documents++;
      done.bytes += line.length;
      progress?.(done);
      yield line;
    }
  }
}
