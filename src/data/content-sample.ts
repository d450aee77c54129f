import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { DataError } from '../support/errors.js';
import type { DataFile } from './data-files.js';

/** Bytes that are read at each place of a file. */
const PLACE_BYTES = 4096;
/** Files that are looked at side by side: on a network file system each waits for its answers. */
const FILES_AT_ONCE = 16;

/**
 * A hash of the beginning, the middle and the end of each file, in their order: what tells data that were made anew from
 * data that were only moved, for three small reads a file however large it is. The ends of gzip and Parquet files depend on
 * all of their content; a few letters changed in place within plain text may go unnoticed.
 *
 * @throws DataError for a file that cannot be read
 */
export async function sampleContents(files: readonly Pick<DataFile, 'path' | 'size'>[]): Promise<string[]> {
  const samples = new Array<string>(files.length);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < files.length; index = next++) samples[index] = await sampleOf(files[index]!);
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, work));
  return samples;
}

async function sampleOf({ path, size }: Pick<DataFile, 'path' | 'size'>): Promise<string> {
  const hash = createHash('sha256');
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    for (const start of placesOf(size)) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(PLACE_BYTES), 0, PLACE_BYTES, start);
      hash.update(buffer.subarray(0, bytesRead));
    }
  } catch (cause) {
    throw new DataError('the file cannot be read', { file: path, cause });
  } finally {
    await file?.close();
  }
  return hash.digest('hex');
}

/** Where a file of this size is read; a small one is read whole. */
function placesOf(size: number): number[] {
  if (size <= 3 * PLACE_BYTES) return [0, PLACE_BYTES, 2 * PLACE_BYTES].filter((start) => start < size);
  return [0, Math.floor((size - PLACE_BYTES) / 2), size - PLACE_BYTES];
}
