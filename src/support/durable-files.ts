import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { OutputError } from './errors.js';
import { exists, systemErrorCode } from './output-failures.js';

/** Steps of writing files so that they survive a power failure. They fail with the system's own errors. */

/**
 * Makes a directory and those above it, where missing. (Node's own `recursive` option never returns on file systems
 * that refuse new directories with ENOENT, such as /proc.)
 *
 * @throws OutputError if a file stands in its place.
 */
export async function makeDirectory(path: string): Promise<void> {
  const parent = dirname(resolve(path));
  try {
    await mkdir(path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EEXIST') return requireDirectory(path);
    if (code !== 'ENOENT' || (await exists(parent))) throw error;
    await makeDirectory(parent);
    return makeDirectory(path);
  }
  await syncDirectory(parent);
}

async function requireDirectory(path: string): Promise<void> {
  if ((await stat(path)).isDirectory()) return;
  throw new OutputError(`cannot make the directory ${path}: a file stands in its place`, {
    file: path,
    hint: 'Choose another path, or move the file away.',
  });
}

/**
 * Writes all bytes, however few the system accepts at a time.
 * @param position where in the file; the file's own position if null.
 */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number | null = null): Promise<void> {
  for (let start = 0; start < bytes.byteLength; ) {
    const length = Math.min(LARGEST_WRITE, bytes.byteLength - start);
    const at = position === null ? null : position + start;
    const { bytesWritten } = await file.write(bytes, start, length, at);
    start += bytesWritten;
  }
}

/** The system writes at most 2 GiB at once. */
const LARGEST_WRITE = 1 << 30;

/** Writes a new file and waits until its content is on the disk. */
export async function writeFileDurably(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await writeFully(file, typeof content === 'string' ? Buffer.from(content) : content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until the names in a directory are on the disk. */
export async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory, and has no need to.
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } catch (error) {
    // Some file systems (network, FUSE) cannot sync directories; there is nothing better to be done on them.
    if (!UNABLE_TO_SYNC.has(systemErrorCode(error) ?? '')) throw error;
  } finally {
    await directory.close();
  }
}

const UNABLE_TO_SYNC = new Set(['EINVAL', 'ENOTSUP', 'ENOSYS']);

/** Waits until all files and names below a directory are on the disk. */
export async function syncTree(root: string): Promise<void> {
  const entries = await readdir(root, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => join(root, name));
  for (let start = 0; start < files.length; start += SYNCED_AT_ONCE)
    await Promise.all(files.slice(start, start + SYNCED_AT_ONCE).map(syncFile));
  for (const entry of entries) if (entry.isDirectory()) await syncTree(join(root, entry.name));
  await syncDirectory(root);
}

/** What several files wait for, the file system writes at once. */
const SYNCED_AT_ONCE = 8;

/** Waits until the content of a file is on the disk. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Clean-up after a failure: the failure is what the user must hear of, not that cleaning up failed as well. */
export async function removeQuietly(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => undefined);
}
