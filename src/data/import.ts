import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeDirectoryAtomic } from '../support/atomic-files.js';
import { ConfigError, DataError } from '../support/errors.js';
import { exists } from '../support/output-failures.js';
import { removeStaleTemporaries } from '../support/temporaries.js';
import { requireFreeDatasetDirectory } from './dataset-directory.js';
import { DatasetWriter } from './dataset-writer.js';
import { type ImportOptions, type ImportReport, SKIP_REASONS, type SkipReason, skipCounts } from './import-options.js';
import { LineBuckets } from './line-buckets.js';
import { unopenedReason, walkSourceTree } from './source-tree.js';

/**
 * Buckets of documents by content. Duplicates meet in the same one, so only the checksums of one bucket are held in
 * memory. The number is part of the output's order.
 */
const BUCKETS = 64;
/** What precedes each record in its bucket: hexadecimal digits of its SHA-256, decimal digits of its text's bytes. */
const CHECKSUM_DIGITS = 64;
const LENGTH_DIGITS = 10;

/**
 * Makes a dataset of a source tree: one document a file, in chunks of JSONL with the fields `text` and `path`, and a
 * manifest. The datasets themselves are no part of the tree, should they lie in it. Files with the same content are
 * taken once. What is held out is decided by content alone, so that it stays the same when other files come and go.
 * Memory does not grow with the tree, but for 1/64 of the checksums; the same tree gives the same bytes.
 *
 * @throws DataError if a folder cannot be read or nothing is left to import; OutputError if the datasets exist already
 *   (with `force`: if what stands there is no dataset) or cannot be written; ConfigError for a fraction out of range. Nothing is left under the final names then.
 */
export async function importSourceTree(options: ImportOptions): Promise<ImportReport> {
  const { output, validation } = options;
  const outputs = [output, ...(validation === null ? [] : [validation.output])];
  const missing = (await Promise.all(outputs.map(missingParents))).flat();
  try {
    return await importDatasets(options);
  } catch (error) {
    for (const folder of missing) await rmdir(folder).catch(() => {});
    throw error;
  }
}

/** Folders that must be made for a path, the innermost first. */
async function missingParents(path: string): Promise<string[]> {
  const parent = dirname(path);
  return parent === path || (await exists(parent)) ? [] : [parent, ...(await missingParents(parent))];
}

async function importDatasets(options: ImportOptions): Promise<ImportReport> {
  const { output, validation, force } = options;
  if (validation === null) return importInto(options, null);
  if (!(validation.fraction > 0 && validation.fraction < 1)) {
    throw new ConfigError(`the share that is held out must be between 0 and 1, not ${validation.fraction}`, {
      field: 'validation',
    });
  }
  await requireFreeDatasetDirectory(output, force);
  await requireFreeDatasetDirectory(validation.output, force);
  return intoDirectory(validation.output, force, (folder) => importInto(options, folder));
}

async function importInto(options: ImportOptions, heldOutFolder: string | null): Promise<ImportReport> {
  await requireFreeDatasetDirectory(options.output, options.force);
  // What an import that was killed left behind may be as large as the dataset.
  await removeStaleTemporaries(dirname(options.output));
  return intoDirectory(options.output, options.force, async (folder) => {
    const spool = join(folder, 'spool');
    await mkdir(spool);
    const skipped = Object.fromEntries(SKIP_REASONS.map((reason) => [reason, 0])) as Record<SkipReason, number>;
    const buckets = new LineBuckets(spool, 'documents', BUCKETS);
    const writers = [
      new DatasetWriter(folder, options),
      ...(heldOutFolder === null ? [] : [new DatasetWriter(heldOutFolder, options)]),
    ];
    try {
      const least = await collect(options, buckets, skipped);
      await buckets.finish();
      const isHeldOut = holdOut(options.validation?.fraction ?? 0, least);
      for (let bucket = 0; bucket < buckets.count; bucket++) {
        options.signal?.throwIfAborted();
        await writeDistinct(buckets, bucket, (checksum) => writers[isHeldOut(checksum) ? 1 : 0]!, skipped);
        await buckets.remove(bucket);
      }
      if (writers[0]!.documents === 0) throw nothingLeft(options, skipped, writers[1]?.documents ?? 0);
      await rm(spool, { recursive: true });
      const madeBy = { command: 'data import', ...describe(options) };
      return {
        training: await writers[0]!.finish(madeBy),
        validation: (await writers[1]?.finish({ ...madeBy, heldOut: options.validation?.fraction })) ?? null,
        skipped,
      };
    } finally {
      await buckets.abandon();
      for (const writer of writers) await writer.abandon();
    }
  });
}

/** Reads every file once, into the bucket of its checksum. Returns the least checksum, or null without documents. */
async function collect(
  options: ImportOptions,
  buckets: LineBuckets,
  skipped: ImportReport['skipped'],
): Promise<string | null> {
  const done = { files: 0, bytes: 0 };
  let least: string | null = null;
  const without = [options.output, options.validation?.output, options.datasetRoot].filter((path) => path != null);
  const walk = { without, hidden: options.hidden, leftOut: (reason: SkipReason) => skipped[reason]++ };
  for (const directory of options.directories) {
    for await (const path of walkSourceTree(directory, walk)) {
      options.signal?.throwIfAborted();
      const text = readText(join(directory, path), options);
      done.files++;
      if (typeof text === 'string') {
        skipped[text]++;
        continue;
      }
      done.bytes += text.length;
      options.progress?.(done);
      const checksum = createHash('sha256').update(text).digest('hex');
      if (least === null || checksum < least) least = checksum;
      const length = String(text.length).padStart(LENGTH_DIGITS, '0');
      const line = Buffer.from(`${checksum}${length}${JSON.stringify({ text: text.toString('utf8'), path })}`);
      await buckets.append(Number.parseInt(checksum.slice(0, 8), 16) % BUCKETS, line);
    }
  }
  return least;
}

/** Reads in this thread: source files are small, and a round trip to the thread pool costs more than reading one. */
function readText(path: string, { extensions, minBytes, maxBytes }: ImportOptions): Buffer | SkipReason {
  if (extensions !== null && !extensions.some((extension) => path.endsWith(`.${extension}`))) return 'extension';
  try {
    const { size } = statSync(path);
    if (size < minBytes) return 'too small';
    if (size > maxBytes) return 'too large';
    const content = readFileSync(path);
    if (content.includes(0)) return 'binary';
    return isUtf8(content) ? content : 'invalid UTF-8';
  } catch (cause) {
    return unopenedReason(path, cause);
  }
}

async function writeDistinct(
  buckets: LineBuckets,
  bucket: number,
  writerOf: (checksum: string) => DatasetWriter,
  skipped: ImportReport['skipped'],
): Promise<void> {
  const seen = new Set<string>();
  for await (const line of buckets.lines(bucket)) {
    const checksum = latin1(line, 0, CHECKSUM_DIGITS);
    if (seen.has(checksum)) {
      skipped.duplicate++;
      continue;
    }
    seen.add(checksum);
    const record = line.subarray(CHECKSUM_DIGITS + LENGTH_DIGITS);
    await writerOf(checksum).add(record, Number(latin1(line, CHECKSUM_DIGITS, CHECKSUM_DIGITS + LENGTH_DIGITS)));
  }
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString('latin1');
}

/** The documents of the least checksums are held out: at least one, in trees so small that the share would be none. */
function holdOut(fraction: number, least: string | null): (checksum: string) => boolean {
  const limit = fraction * 2 ** 32;
  return (checksum) => fraction > 0 && (checksum === least || Number.parseInt(checksum.slice(0, 8), 16) < limit);
}

function intoDirectory<T>(output: string, replace: boolean, fill: (folder: string) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let filled: { value: T } | undefined;
    writeDirectoryAtomic(
      output,
      async (folder) => {
        filled = { value: await fill(folder) };
      },
      { replace },
    ).then(() => resolve(filled!.value), reject);
  });
}

function describe({ directories, extensions, minBytes, maxBytes, hidden }: ImportOptions): Record<string, unknown> {
  return { directories, extensions, minBytes, maxBytes, hidden };
}

function nothingLeft({ directories, emptyHint }: ImportOptions, skipped: ImportReport['skipped'], heldOut: number) {
  const file = directories[0];
  if (heldOut > 0) {
    const taken = heldOut === 1 ? 'the only document' : `all ${heldOut} documents`;
    return new DataError(`nothing is left to train on (holding out took ${taken})`, {
      file,
      hint: 'Choose a folder with more files: both datasets need at least one document.',
    });
  }
  const reasons = skipCounts(skipped);
  const why = reasons.length === 0 ? 'no files were found' : `left out: ${reasons.join(', ')}`;
  return new DataError(`nothing is left to train on (${why})`, { file, hint: emptyHint });
}
