import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { writeFully } from '../../support/durable-files.js';
import { DownloadError } from '../../support/errors.js';
import { exists } from '../../support/output-failures.js';
import { type HttpClient, type HttpResponse, TransientFailure } from './http-client.js';
import type { HubFile } from './hub.js';
import { type RemoteFile, requireRange } from './remote-file.js';

/**
 * Fetches a whole file to `path`, which it names only when its size and checksum are those that the hub lists. What an
 * earlier attempt or process left of it, at `path` with `.part`, is gone on with.
 *
 * @throws DownloadError if the server fails, or the content is another one twice
 */
export async function downloadFile(
  http: HttpClient,
  file: RemoteFile,
  checksum: HubFile['checksum'],
  path: string,
): Promise<void> {
  if (await exists(path)) return;
  const part = `${path}.part`;
  for (let attempt = 1; ; attempt++) {
    const found = await fetchInto(http, file, checksum, part);
    if (found === checksum.hex) return rename(part, path);
    await rm(part);
    if (attempt < 2) continue;
    throw mismatch(file, found, checksum, 'If it is right, run the same command again later.');
  }
}

/** @param advice what to do if the server is the right one */
export function mismatch(
  { name }: RemoteFile,
  found: string,
  { hex }: HubFile['checksum'],
  advice: string,
): DownloadError {
  return new DownloadError(`${name} has the checksum ${found}, not ${hex} as the hub lists it`, {
    hint: `Check HF_ENDPOINT: a mirror may be damaged. ${advice}`,
  });
}

/** Completes the file and returns its checksum. */
async function fetchInto(
  http: HttpClient,
  file: RemoteFile,
  { algorithm }: HubFile['checksum'],
  path: string,
): Promise<string> {
  const handle = await open(path, 'a');
  try {
    let { size: length } = await handle.stat();
    let hash = beginChecksum(algorithm, file.size);
    if (length > file.size) {
      await handle.truncate(0);
      length = 0;
    }
    for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
    const append = async (response: HttpResponse): Promise<void> => {
      file.requireAccess(response);
      if (length > 0 && response.status === 200) {
        // The server does not know ranges, and begins again.
        await handle.truncate(0);
        length = 0;
        hash = beginChecksum(algorithm, file.size);
      } else if (length > 0) requireRange(response, file, length, file.size);
      for await (const piece of response.body()) {
        if (length + piece.length > file.size) throw longer(file);
        await writeFully(handle, piece);
        hash.update(piece);
        length += piece.length;
      }
      if (length < file.size) throw new TransientFailure(`${length} of ${file.size} bytes came, then the body ended`);
    };
    if (length < file.size) {
      const headers = (): Record<string, string> => (length > 0 ? { range: `bytes=${length}-` } : {});
      let furthest = length;
      // A server without ranges begins again each time, and may break off at the same place each time.
      const progressed = (): boolean => {
        const isFurther = length > furthest;
        furthest = Math.max(furthest, length);
        return isFurther;
      };
      await http.get({ ...file.request, headers, progressed }, append);
    }
    await handle.sync();
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}

/** Git's checksum of a file is that of a header and the content. */
export function beginChecksum(algorithm: HubFile['checksum']['algorithm'], size: number): Hash {
  return algorithm === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
}

function longer({ name, size }: RemoteFile): DownloadError {
  return new DownloadError(`${name} is longer on the server than the ${size} bytes it is listed with`, {
    hint: 'Check HF_ENDPOINT: a mirror may hold another version. If it is right, run again with --restart.',
  });
}
