import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { CheckpointError } from '../support/errors.js';

/**
 * A text that a stranger wrote, without more of it being read than such a text can have.
 *
 * @throws CheckpointError if it is larger, or no regular file: opening a pipe would wait for a writer; the system's error if
 *   there is none
 */
export async function readBoundedText(file: string, mostBytes: number): Promise<string> {
  const status = await stat(file);
  const refused = (what: string) =>
    new CheckpointError(`${basename(file)} ${what}`, { file, hint: 'Use another copy of it.' });
  if (!status.isFile()) throw refused('is not a regular file');
  if (status.size > mostBytes) throw refused(`has ${status.size} bytes, and may have ${mostBytes}`);
  return readFile(file, 'utf8');
}
