import { lstat } from 'node:fs/promises';
import { OutputError } from './errors.js';

interface Failure {
  what: string;
  hint: string;
}

const NO_SPACE_HINT = 'Free some space or write elsewhere, then run again; nothing was left under the final name.';

/** What the operating system's refusals to write mean, and what to do. */
const FAILURES: Readonly<Record<string, Failure>> = {
  ENOSPC: { what: 'no space is left on the device', hint: NO_SPACE_HINT },
  EDQUOT: { what: 'the disk quota is exhausted', hint: NO_SPACE_HINT },
  EFBIG: {
    what: 'the file would exceed the limit on file sizes',
    hint: 'Raise the limit (see `ulimit -f`) and run again.',
  },
  EROFS: { what: 'the file system is read-only', hint: 'Choose another place to write to.' },
  EACCES: { what: 'permission is denied', hint: 'Choose a place that you may write to, or change its permissions.' },
  EPERM: { what: 'the operation is not permitted', hint: 'Choose a place that you may write to.' },
  ENOTDIR: { what: 'a part of the path is a file, not a directory', hint: 'Choose another path.' },
  ENOENT: { what: 'the directory cannot be created or has disappeared', hint: 'Choose another path.' },
  EISDIR: { what: 'a directory stands in its place', hint: 'Choose another path, or move the directory away.' },
  EEXIST: { what: 'it exists already', hint: 'Choose another path, or move it away.' },
  ENOTEMPTY: { what: 'it exists already and is not empty', hint: 'Choose another path, or move it away.' },
  ENAMETOOLONG: { what: 'the name is too long', hint: 'Choose a shorter name.' },
  EIO: { what: 'the device reports an input/output error', hint: 'Check the disk, then write elsewhere.' },
};

/** Refusals that only writing meets; the others may as well come from a file that was read. */
const ONLY_FROM_WRITING = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS']);

/** The code that the operating system gave with an error, such as `ENOENT`. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;
}

/** An OutputError that explains why `path` cannot be written, where that is what `error` says; otherwise `error`. */
export function asOutputError(error: unknown, path: string): unknown {
  const code = systemErrorCode(error);
  const failure = code === undefined ? undefined : FAILURES[code];
  if (failure === undefined) return error;
  return new OutputError(`cannot write ${path}: ${failure.what}`, { file: path, hint: failure.hint, cause: error });
}

/** As `asOutputError`, for work that also reads files: only what certainly comes from writing is explained. */
export function asOutputErrorIfWriting(error: unknown, path: string, temporary: string): unknown {
  const code = systemErrorCode(error);
  const place = error instanceof Error && 'path' in error ? String(error.path) : '';
  return ONLY_FROM_WRITING.has(code ?? '') || place.startsWith(temporary) ? asOutputError(error, path) : error;
}

/** @throws OutputError if something stands at `path` and `force` is false. */
export async function refuseToOverwrite(path: string, force: boolean): Promise<void> {
  if (!force && (await exists(path))) {
    throw new OutputError(`${path} exists already`, {
      file: path,
      hint: 'Choose another path, or pass --force to replace it.',
    });
  }
}

/** @throws OutputError if a directory stands where a file is to be written */
export async function refuseDirectory(path: string): Promise<void> {
  if (!(await exists(path)) || !(await lstat(path)).isDirectory()) return;
  const { what, hint } = FAILURES.EISDIR!;
  throw new OutputError(`cannot write ${path}: ${what}`, { file: path, hint });
}

/** Whether anything, even a dangling link, stands at `path`. @throws OutputError if that cannot be found out. */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw asOutputError(error, path);
  }
}
