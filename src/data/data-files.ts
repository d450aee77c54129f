import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../support/errors.js';

/** Formats of data files, by the end of their names. */
const EXTENSIONS = {
  '.jsonl': 'jsonl',
  '.jsonl.gz': 'gzip',
  '.jsonl.zst': 'zstd',
  '.parquet': 'parquet',
} as const;

export type DataFormat = (typeof EXTENSIONS)[keyof typeof EXTENSIONS];

export interface DataFile {
  path: string;
  format: DataFormat;
  /** Bytes on disk. */
  size: number;
}

/** The format of a file by its name; null for files that hold no documents, such as manifests. */
export function dataFormat(path: string): DataFormat | null {
  const found = Object.entries(EXTENSIONS).find(([extension]) => path.endsWith(extension));
  return found === undefined ? null : found[1];
}

/** The end of a file's name that tells its format, with the dot; empty for files that hold no documents. */
export function formatEnding(path: string): string {
  return Object.keys(EXTENSIONS).find((extension) => path.endsWith(extension)) ?? '';
}

/**
 * The data files of a folder, or the one file that `path` names, in order of their names (by UTF-16 code unit, the
 * same on every file system). Hidden files and folders within are not looked at.
 *
 * @throws DataError if there are none
 */
export async function listDataFiles(path: string): Promise<DataFile[]> {
  const names = await namesOf(path);
  const files: DataFile[] = [];
  for (const name of names.sort()) {
    const format = dataFormat(name);
    if (format === null) continue;
    const file = await stat(name);
    if (file.isFile()) files.push({ path: name, format, size: file.size });
  }
  if (files.length === 0) {
    throw new DataError('there are no data files here', {
      file: path,
      hint: `Files must end in ${Object.keys(EXTENSIONS).join(', ')}. \`pc data import DIR\` makes them from source code.`,
    });
  }
  return files;
}

async function namesOf(path: string): Promise<string[]> {
  try {
    if ((await stat(path)).isFile()) return [path];
    const entries = await readdir(path);
    return entries.filter((name) => !name.startsWith('.')).map((name) => join(path, name));
  } catch (cause) {
    throw new DataError('the data cannot be read', {
      file: path,
      hint: 'Check data.root and data.sources, or make data with `pc data import DIR`.',
      cause,
    });
  }
}
