import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DirectoryKind, requireReplaceable } from '../support/replaceable-directory.js';
import { DATASET_FORMAT, MANIFEST } from './dataset-writer.js';

const DATASET: DirectoryKind = {
  content: 'a dataset of ours',
  isOneOf: hasManifest,
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

/** Other programs have files of this name too, so its content decides. */
async function hasManifest(directory: string): Promise<boolean> {
  try {
    const manifest: unknown = JSON.parse(await readFile(join(directory, MANIFEST), 'utf8'));
    return (
      typeof manifest === 'object' && manifest !== null && 'format' in manifest && manifest.format === DATASET_FORMAT
    );
  } catch {
    return false;
  }
}
