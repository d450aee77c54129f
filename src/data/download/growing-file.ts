import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { writeFully } from '../../support/durable-files.js';
import { exists } from '../../support/output-failures.js';
import { beginChecksum, mismatch } from './file-download.js';
import type { HttpClient } from './http-client.js';
import type { HubFile } from './hub.js';
import { fetchRange, type RemoteFile } from './remote-file.js';

/** Bytes of the first request and of the largest: each asks for twice as much as the one before. */
const FIRST_RANGE = 2 ** 18;
const LARGEST_RANGE = 2 ** 23;

/**
 * The bytes of a file, fetched as they are asked for, for a reader who may want no more than the beginning. What came is
 * kept where `downloadFile` keeps it, at `path` with `.part` until it is whole, so that neither fetches it again.
 *
 * @throws DownloadError if the server fails or knows no ranges, or if the content, once it is whole, is another one than the
 *   hub lists; that of a part cannot be told
 */
export async function* growingFile(
  http: HttpClient,
  file: RemoteFile,
  checksum: HubFile['checksum'],
  path: string,
): AsyncGenerator<Uint8Array> {
  if (await exists(path)) return yield* createReadStream(path);
  const part = `${path}.part`;
  const handle = await open(part, 'a');
  const hash = beginChecksum(checksum.algorithm, file.size);
  try {
    let { size: length } = await handle.stat();
    if (length > file.size) {
      await handle.truncate(0);
      length = 0;
    }
    for await (const piece of createReadStream(part)) {
      hash.update(piece as Buffer);
      yield piece as Buffer;
    }
    for (let range = FIRST_RANGE; length < file.size; range = Math.min(2 * range, LARGEST_RANGE)) {
      const bytes = new Uint8Array(await fetchRange(http, file, length, Math.min(length + range, file.size)));
      await writeFully(handle, bytes);
      hash.update(bytes);
      length += bytes.length;
      yield bytes;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  const found = hash.digest('hex');
  if (found === checksum.hex) return rename(part, path);
  await rm(part);
  throw mismatch(file, found, checksum, 'Records of it were taken already: run again with --restart.');
}
