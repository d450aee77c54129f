import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Writable } from 'node:stream';
import {
  makeDirectory,
  removeQuietly,
  syncDirectory,
  syncTree,
  writeFileDurably,
  writeFully,
} from './durable-files.js';
import { EarlyFlush } from './early-flush.js';
import { OutputError } from './errors.js';
import { asOutputError, asOutputErrorIfWriting, exists, refuseDirectory, systemErrorCode } from './output-failures.js';
import { replacedNameBeside, temporaryBeside } from './temporaries.js';

/**
 * Files and directories that have their final name only when they are complete and on the disk: they are written under
 * a temporary name beside it, synced, and renamed. A process killed at any instant leaves the old content or the new.
 * Missing parent directories are made.
 */

/** Replaces the file at `path`. @throws OutputError if it cannot be written; the old file then stays. */
export function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  return writeFilesAtomic([{ path, content }]);
}

/**
 * Replaces several files that belong together: the first gets its name when the contents of all are on the disk.
 *
 * @throws OutputError if one of them cannot be written; all old files then stay
 */
export async function writeFilesAtomic(
  files: readonly { path: string; content: string | Uint8Array }[],
): Promise<void> {
  const written: { path: string; temporary: string }[] = [];
  let at = '';
  try {
    for (const { path, content } of files) {
      at = path;
      await refuseDirectory(path);
      await makeDirectory(dirname(path));
      const temporary = temporaryBeside(path);
      written.push({ path, temporary });
      await writeFileDurably(temporary, content);
    }
    for (const { path, temporary } of written) {
      at = path;
      await rename(temporary, path);
      await syncDirectory(dirname(path));
    }
  } catch (error) {
    for (const { temporary } of written) await removeQuietly(temporary);
    throw asOutputError(error, at);
  }
}

/**
 * A stream into a file that gets its name, replacing the old one, when the stream finishes; `pipeline` and the
 * `finish` event wait for that. Destroyed before, it leaves nothing. Its errors are OutputErrors.
 */
export function createWriteStreamAtomic(path: string): Writable {
  return new AtomicWriteStream(path);
}

class AtomicWriteStream extends Writable {
  private readonly temporary: string;
  private file: FileHandle | undefined;
  private flush: EarlyFlush | undefined;

  constructor(private readonly path: string) {
    super({ decodeStrings: true, highWaterMark: 1 << 18 });
    this.temporary = temporaryBeside(path);
  }

  override _construct(callback: (error?: Error | null) => void): void {
    this.attempt(callback, async () => {
      await makeDirectory(dirname(this.path));
      this.file = await open(this.temporary, 'wx');
      this.flush = new EarlyFlush(this.file);
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.attempt(callback, async () => {
      await writeFully(this.file!, chunk);
      this.flush!.wrote(chunk.length);
    });
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.attempt(callback, async () => {
      await this.flush!.succeeded();
      await this.file!.sync();
      await this.close();
      await rename(this.temporary, this.path);
      await syncDirectory(dirname(this.path));
    });
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.close()
      .then(() => removeQuietly(this.temporary))
      .then(
        () => callback(error),
        (closing: Error) => callback(error ?? closing),
      );
  }

  private async close(): Promise<void> {
    const file = this.file;
    this.file = undefined;
    await this.flush?.ended();
    await file?.close();
  }

  private attempt(callback: (error?: Error | null) => void, action: () => Promise<void>): void {
    action().then(
      () => callback(),
      (error: unknown) => callback(asOutputError(error, this.path) as Error),
    );
  }
}

export interface DirectoryOptions {
  /** Put the new directory in the place of an existing one; otherwise that is refused. */
  replace?: boolean;
}

/**
 * Makes the directory `finalPath` with what `fill` writes into the temporary directory that it is given.
 *
 * @throws OutputError if it exists already and `replace` is not set, or cannot be written. Whatever is thrown,
 *   nothing new stands under the final name.
 */
export async function writeDirectoryAtomic(
  finalPath: string,
  fill: (temporary: string) => Promise<void>,
  { replace = false }: DirectoryOptions = {},
): Promise<void> {
  const temporary = await beginDirectory(finalPath, { replace });
  try {
    await fill(temporary);
    await finishDirectory(temporary, finalPath, { replace });
  } catch (error) {
    await removeQuietly(temporary);
    throw asOutputErrorIfWriting(error, finalPath, temporary);
  }
}

/**
 * The first step of `writeDirectoryAtomic`, for work that several processes do: makes the temporary directory, and
 * returns its path.
 *
 * @throws OutputError as there
 */
export async function beginDirectory(finalPath: string, { replace = false }: DirectoryOptions = {}): Promise<string> {
  const temporary = temporaryBeside(finalPath);
  await explained(finalPath, async () => {
    if (!replace) await refuseExisting(finalPath);
    await makeDirectory(dirname(finalPath));
    await mkdir(temporary);
  });
  return temporary;
}

/**
 * The last step: the directory gets its name when all that is in it is on the disk. If that fails, it is the caller's
 * to remove.
 *
 * @throws OutputError as there
 */
export function finishDirectory(
  temporary: string,
  finalPath: string,
  { replace = false }: DirectoryOptions = {},
): Promise<void> {
  return explained(finalPath, async () => {
    await syncTree(temporary);
    if (replace) await moveInPlaceOf(temporary, finalPath);
    else await rename(temporary, finalPath);
    await syncDirectory(dirname(finalPath));
  });
}

async function explained(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw asOutputError(error, path);
  }
}

async function refuseExisting(path: string): Promise<void> {
  if (!(await exists(path))) return;
  throw new OutputError(`${path} exists already`, { file: path, hint: 'Choose another path, or move it away.' });
}

/** No system call that Node offers exchanges directories; `removeStaleTemporaries` undoes a half-done exchange. */
async function moveInPlaceOf(temporary: string, finalPath: string): Promise<void> {
  const old = replacedNameBeside(finalPath, basename(finalPath));
  try {
    await rename(finalPath, old);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    return rename(temporary, finalPath);
  }
  try {
    await rename(temporary, finalPath);
  } catch (error) {
    await rename(old, finalPath);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}
