import { join } from 'node:path';
import type { Compressor } from '../plugins/contracts.js';
import { DataError } from '../support/errors.js';
import { exists } from '../support/output-failures.js';
import { MANIFEST } from './dataset-writer.js';
import type { DataOptions } from './options.js';
import { type PartitionOptions, partitionSource } from './partition.js';
import {
  type CodeField,
  describeInput,
  type PreprocessedManifest,
  readPreprocessedManifest,
} from './preprocess/manifest.js';
import { inputDifference } from './preprocess/plan.js';
import { preprocessedPath } from './preprocess/targets.js';
import { isUnfinished } from './preprocess/workplace.js';
import type { FieldPattern } from './records.js';

/** Where the documents of a dataset are read, and whether with codes. */
export interface CodePlace {
  /** Folder or file: the dataset itself, or its preprocessed form. */
  path: string;
  /** Field of its records that holds the codes; null: they are made while reading. */
  codeField: FieldPattern | null;
  /** What the user should know, if anything. */
  note: string | null;
}

export type CodeSettings = Pick<DataOptions, 'codeField' | 'precomputed'>;
type Identity = Pick<Compressor, 'field' | 'fingerprint'>;

/**
 * Finds the precomputed codes of a dataset. `pc preprocess` wrote them into the dataset itself, or into its preprocessed
 * form beside it. Its manifest says by what they were made; codes of a field that the user names are taken without one.
 *
 * @param path folder or file
 * @throws DataError if there are codes of another compressor or of other texts, or none where they are required
 */
export async function locateCodes(
  path: string,
  compressor: Identity,
  { codeField, precomputed }: CodeSettings,
): Promise<CodePlace> {
  if (precomputed === 'ignore') return { path, codeField: null, note: null };
  if (await isUnfinished(path)) throw unfinished(path);
  const manifest = await readPreprocessedManifest(path);
  if (codeField !== null) return namedField(path, codeField, manifest, compressor);
  if (manifest !== null && hasCodes(manifest, path, compressor))
    return { path, codeField: compressor.field.name, note: null };
  const beside = manifest === null ? await codesBeside(path, compressor) : null;
  if (beside !== null && beside.codeField !== null) return beside;
  if (precomputed === 'auto') return beside ?? { path, codeField: null, note: null };
  throw new DataError(`there are no precomputed codes for ${path} (field ${compressor.field.name})`, {
    file: path,
    field: 'data.precomputed',
    hint: 'Make them by `pc preprocess`, or set data.precomputed to auto to compress while reading.',
  });
}

/**
 * As `locateCodes`, for a reader that goes on where another was: in the form of the dataset that the other one read.
 *
 * @param saved fingerprint of the partition that it read
 */
export async function locateSameCodes(
  path: string,
  compressor: Identity,
  settings: CodeSettings,
  saved: string,
  options: PartitionOptions,
): Promise<CodePlace> {
  const place = await locateCodes(path, compressor, settings);
  if (place.path === path || (await partitionSource(place.path, options)).fingerprint === saved) return place;
  // The dataset was preprocessed since.
  return { path, codeField: null, note: null };
}

function namedField(
  path: string,
  codeField: string,
  manifest: PreprocessedManifest | null,
  compressor: Identity,
): CodePlace {
  const described = manifest?.madeBy.codes.find(({ field }) => field === codeField);
  if (described !== undefined) requireFingerprint(described, compressor, path);
  const note =
    described === undefined
      ? `the codes in the field ${codeField} of ${path} are unverified: no manifest says what made them`
      : null;
  return { path, codeField, note };
}

/** The preprocessed form of a dataset; null if there is none. */
async function codesBeside(path: string, compressor: Identity): Promise<CodePlace | null> {
  const beside = preprocessedPath(path);
  if (await isUnfinished(beside))
    return {
      path,
      codeField: null,
      note: `${beside} is not finished, so its codes are not used; run pc preprocess again`,
    };
  const manifest = await readPreprocessedManifest(beside);
  if (manifest === null || !hasCodes(manifest, beside, compressor)) return null;
  // The original may be gone, to save its space.
  if (await exists(path)) await requireSameInput(manifest, beside, path);
  return { path: beside, codeField: compressor.field.name, note: null };
}

function hasCodes({ madeBy }: PreprocessedManifest, path: string, compressor: Identity): boolean {
  const described = madeBy.codes.find(({ field }) => field === compressor.field.name);
  if (described === undefined) return false;
  requireFingerprint(described, compressor, path);
  return true;
}

function requireFingerprint({ field, fingerprint }: CodeField, compressor: Identity, path: string): void {
  if (fingerprint === compressor.fingerprint) return;
  throw new DataError(`the codes in ${path} are of ${fingerprint}, but the compressor is ${compressor.fingerprint}`, {
    file: join(path, MANIFEST),
    field,
    hint: 'Preprocess again by `pc preprocess --force` with the options of the run, or set data.precomputed to ignore to compress while reading.',
  });
}

async function requireSameInput({ madeBy }: PreprocessedManifest, beside: string, path: string): Promise<void> {
  const { before, now } = inputDifference(madeBy.input, await describeInput(path));
  if (before === now) return;
  throw new DataError(`${beside} was made of other data than ${path} holds: ${before}, now ${now}`, {
    file: join(beside, MANIFEST),
    hint: 'Bring it up to date by `pc preprocess`, or set data.precomputed to ignore to compress while reading.',
  });
}

function unfinished(path: string): DataError {
  return new DataError(`${path} is only partly preprocessed`, {
    file: path,
    hint: 'Run the same `pc preprocess` again: it goes on.',
  });
}
