import { readFile } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { UsageError } from '../support/errors.js';
import { type DirectoryKind, requireReplaceable } from '../support/replaceable-directory.js';
import { DATASET_FORMAT, MANIFEST } from './dataset-writer.js';

const DATASET: DirectoryKind = {
  content: 'a dataset of ours',
  isOneOf: isDataset,
  hint: 'Choose another output, or move it away.',
};

/**
 * Refuses a place that a dataset may not take.
 *
 * @throws OutputError if something stands there and `force` is false, or it is neither an empty folder nor a dataset
 *   that `pc data` wrote
 */
export function requireFreeDatasetDirectory(path: string, force: boolean): Promise<void> {
  return requireReplaceable(path, force, DATASET);
}

/**
 * The folder of a source's dataset, strictly below the root.
 *
 * @throws UsageError for a source that is empty, absolute, or leads to the root or out of it
 */
export function sourceDirectory(root: string, source: string): string {
  const isBelow = source.trim() !== '' && !isAbsolute(source) && !/^\.\.?(?:[\\/]|$)/.test(normalize(source));
  if (isBelow) return join(root, source);
  throw new UsageError(`--source must be a folder below ${root}, not ${JSON.stringify(source)}`, {
    hint: 'Give a name, for example --source train.',
  });
}

/** Whether a folder holds our manifest. Other programs have files of this name too, so its content decides. */
export async function isDataset(directory: string): Promise<boolean> {
  try {
    const manifest: unknown = JSON.parse(await readFile(join(directory, MANIFEST), 'utf8'));
    return (
      typeof manifest === 'object' && manifest !== null && 'format' in manifest && manifest.format === DATASET_FORMAT
    );
  } catch {
    return false;
  }
}
