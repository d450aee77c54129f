import { readdir } from 'node:fs/promises';
import { OutputError } from './errors.js';
import { exists, refuseToOverwrite } from './output-failures.js';

/** A kind of directory that we write, and so may replace. */
export interface DirectoryKind {
  /** What such a directory holds, for messages: "a dataset". */
  content: string;
  isOneOf(directory: string): Promise<boolean>;
  /** What to do where another directory stands in its place. */
  hint: string;
}

/**
 * Refuses a place that a directory of ours may not take, before anything is computed. `--force` replaces what is of the
 * same kind and empty folders, so that a mistyped path does not cost a folder of other things.
 *
 * @throws OutputError if something stands there and `force` is false, or it is neither empty nor of that kind
 */
export async function requireReplaceable(path: string, force: boolean, kind: DirectoryKind): Promise<void> {
  await refuseToOverwrite(path, force);
  if (!(await exists(path)) || (await isEmptyDirectory(path)) || (await kind.isOneOf(path))) return;
  throw new OutputError(`${path} does not hold ${kind.content}, so --force does not replace it`, {
    file: path,
    hint: kind.hint,
  });
}

async function isEmptyDirectory(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length === 0;
  } catch {
    // A file, or a folder that may not be read: nothing that could be called empty.
    return false;
  }
}
