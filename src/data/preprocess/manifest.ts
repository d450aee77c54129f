import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { DataError } from '../../support/errors.js';
import { systemErrorCode } from '../../support/output-failures.js';
import { listDataFiles } from '../data-files.js';
import { DATASET_FORMAT, MANIFEST } from '../dataset-writer.js';
import { SHARD_FORMATS } from './options.js';

/** A file that was read, as it was then. */
const inputFile = z.object({
  name: z.string(),
  bytes: z.int().nonnegative(),
  /** Where the dataset that was read has a manifest. */
  sha256: z.string().optional(),
});

/** What one compressor added to the records. */
const codeField = z.object({
  compressor: z.string(),
  /** Field of a record that holds the codes. */
  field: z.string(),
  /** Field with what only decoding needs, where that is apart. */
  sideField: z.string().optional(),
  fingerprint: z.string(),
  alphabetSize: z.int().positive(),
  /** As the user gave them. */
  options: z.record(z.string(), z.unknown()),
});

/** All that decides which bytes are written, beside bad records. Processes may share an output only if they agree in it. */
export const preprocessPlan = z.object({
  version: z.literal(1),
  input: z.array(inputFile),
  codes: z.array(codeField),
  format: z.enum(SHARD_FORMATS),
  shardBytes: z.int().positive(),
});

/** A shard that is complete and on the disk. */
export const finishedShard = z.object({
  name: z.string(),
  /** Name of the file that its records come from. */
  input: z.string(),
  /** Number among the shards of that file, from 1, and whether it is the last of them. */
  piece: z.int().positive(),
  last: z.boolean(),
  /** Lines (or rows) of the input that it covers, blank and skipped ones included. */
  firstLine: z.int().nonnegative(),
  lines: z.int().nonnegative(),
  documents: z.int().nonnegative(),
  /** Records that are kept but have no text, and so no codes. */
  empty: z.int().nonnegative(),
  /** Unusable records that were left out. */
  skipped: z.int().nonnegative(),
  /** Size of the file. */
  bytes: z.int().nonnegative(),
  /** Bytes of its texts as UTF-8. */
  textBytes: z.int().nonnegative(),
  sha256: z.string(),
  /** By name of the compressor. */
  symbols: z.record(z.string(), z.int().nonnegative()),
  /** Whether its codes were decoded and compared. */
  verified: z.boolean(),
});

/** `manifest.json` of a preprocessed dataset: that of any dataset, and what was added to the records. */
const preprocessedManifest = z.object({
  format: z.literal(DATASET_FORMAT),
  version: z.literal(1),
  documents: z.int().nonnegative(),
  textBytes: z.int().nonnegative(),
  files: z.array(finishedShard),
  madeBy: z.object({ command: z.literal('preprocess') }).extend(preprocessPlan.shape),
});

export type InputFile = z.infer<typeof inputFile>;
export type CodeField = z.infer<typeof codeField>;
export type PreprocessPlan = z.infer<typeof preprocessPlan>;
export type FinishedShard = z.infer<typeof finishedShard>;
export type PreprocessedManifest = z.infer<typeof preprocessedManifest>;

/** The manifest of a dataset that is complete. Files are in the order of the input's. */
export function preprocessedDataset(plan: PreprocessPlan, files: FinishedShard[]): PreprocessedManifest {
  return {
    format: DATASET_FORMAT,
    version: 1,
    documents: files.reduce((sum, { documents }) => sum + documents, 0),
    textBytes: files.reduce((sum, { textBytes }) => sum + textBytes, 0),
    files,
    madeBy: { command: 'preprocess', ...plan },
  };
}

/**
 * The manifest of a preprocessed dataset; null where there is none, or one of another kind of dataset.
 *
 * @throws DataError if it is one of ours but damaged
 */
export async function readPreprocessedManifest(folder: string): Promise<PreprocessedManifest | null> {
  const manifest = await readJson(join(folder, MANIFEST));
  if (!isPreprocessed(manifest)) return null;
  return checked(preprocessedManifest, manifest, join(folder, MANIFEST));
}

/** Whether a folder has the manifest of a preprocessed dataset, be it damaged. */
export async function holdsPreprocessed(folder: string): Promise<boolean> {
  return isPreprocessed(await readJson(join(folder, MANIFEST)));
}

/**
 * The files of a dataset: with checksums where its manifest has them.
 *
 * @param path folder or file
 * @throws DataError if there are none
 */
export async function describeInput(path: string): Promise<InputFile[]> {
  const files = await listDataFiles(path);
  const manifest = datasetFiles.safeParse(await readJson(join(path, MANIFEST)));
  const checksums = new Map(manifest.data?.files.map(({ name, sha256 }) => [name, sha256]));
  return files.map(({ path: file, size }) => {
    const name = basename(file);
    const sha256 = checksums.get(name);
    return { name, bytes: size, ...(sha256 !== undefined && { sha256 }) };
  });
}

const datasetFiles = z.object({
  format: z.literal(DATASET_FORMAT),
  files: z.array(z.object({ name: z.string(), sha256: z.string() })),
});

/** @throws DataError naming the file, if the value is not what the schema describes */
export function checked<T>(schema: z.ZodType<T>, value: unknown, file: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new DataError(`the description of a preprocessed dataset is damaged: ${issue.message}`, {
    file,
    field: issue.path.join('.'),
    hint: 'Make the dataset again by `pc preprocess --force`.',
    cause: parsed.error,
  });
}

/** The value in a JSON file; undefined if there is no such file, or nothing that could be read as JSON. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || ABSENT.has(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

function isPreprocessed(value: unknown): boolean {
  const { format, madeBy } = (value ?? {}) as { format?: unknown; madeBy?: { command?: unknown } };
  return format === DATASET_FORMAT && madeBy?.command === 'preprocess';
}
