import { DownloadError } from '../../support/errors.js';
import {
  collect,
  type HttpClient,
  type HttpRequest,
  type HttpResponse,
  shown,
  TransientFailure,
} from './http-client.js';

/** A file on a server that answers requests for ranges. */
export interface RemoteFile {
  /** For messages. */
  name: string;
  /** Bytes. */
  size: number;
  request: HttpRequest;
  /** @throws DownloadError if the server refuses */
  requireAccess(response: HttpResponse): void;
}

/**
 * The bytes `start` … `end` − 1 of a file.
 *
 * @throws DownloadError if the server fails, knows no ranges, or has another file
 */
export async function fetchRange(http: HttpClient, file: RemoteFile, start: number, end: number): Promise<ArrayBuffer> {
  if (end <= start) return new ArrayBuffer(0);
  const headers = () => ({ range: `bytes=${start}-${end - 1}` });
  const { url } = file.request;
  return http.get({ ...file.request, headers }, async (response) => {
    file.requireAccess(response);
    const isWhole = response.status === 200 && start === 0 && end === file.size;
    if (!isWhole) requireRange(response, file, start, end);
    const bytes = await collect(response, end - start, url);
    if (bytes.length < end - start) {
      throw new TransientFailure(`${bytes.length} of ${end - start} bytes came, then the body ended`);
    }
    const copy = new ArrayBuffer(bytes.length);
    new Uint8Array(copy).set(bytes);
    return copy;
  });
}

/** @throws DownloadError if the answer is about another range, or the file has another size than it is listed with */
export function requireRange({ status, headers }: HttpResponse, file: RemoteFile, start: number, end: number): void {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  if (status !== 206 || range === null) {
    throw new DownloadError(`${shown(file.request.url)} sends no ranges of files`, {
      hint: 'The server must answer requests with a Range header, as the hub does. Check HF_ENDPOINT.',
    });
  }
  const [, first, last, size] = range;
  if (size !== '*' && Number(size) !== file.size) {
    throw new DownloadError(`${file.name} has ${size} bytes on the server, not the ${file.size} it is listed with`, {
      hint: 'Check HF_ENDPOINT: a mirror may hold another version. If it is right, run again with --restart.',
    });
  }
  if (Number(first) !== start || Number(last) !== end - 1) {
    throw new TransientFailure(`bytes ${first}-${last} came instead of ${start}-${end - 1}`);
  }
}
