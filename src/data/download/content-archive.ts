import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DownloadError } from '../../support/errors.js';
import type { Claim } from './held-memory.js';
import { collect, type HttpClient, shown, TransientFailure } from './http-client.js';
import { baseAddress } from './hub.js';

/** What the archive has under a content's name. */
export type ArchivedContent = { bytes: Buffer } | 'missing' | { damaged: string };

/** Larger contents are none of source code; a small compressed one that grows beyond this is an attack or an accident. */
const LARGEST_CONTENT = 256 * 2 ** 20;

/**
 * Contents of files in a bucket of Software Heritage: `content/<SHA-1 of the content>`, each compressed by gzip
 * (https://docs.softwareheritage.org, "Contents on S3").
 */
export class ContentArchive {
  private readonly base: URL;

  /**
   * @param base the bucket's address
   * @throws ConfigError if it is none
   */
  constructor(
    private readonly http: HttpClient,
    base: string,
  ) {
    this.base = baseAddress(base, '--contents');
  }

  /**
   * A content whose checksum is its name.
   *
   * @param id 40 hexadecimal digits
   * @param memory grows with the bytes of the content, as it comes and as it is
   * @returns `damaged` if it arrived whole, again and again, and was another one
   * @throws DownloadError if the bucket cannot be reached, does not exist, or denies access
   */
  async content(id: string, memory: Claim): Promise<ArchivedContent> {
    const url = new URL(`content/${id}`, this.base);
    let damage: string | null = null;
    try {
      return await this.http.get({ url }, async (response) => {
        damage = null;
        memory.empty();
        if (response.status === 404) {
          const answer = (await collect(response, LARGEST_CONTENT, url)).toString('utf8');
          if (!answer.includes('NoSuchBucket')) return 'missing' as const;
        }
        if (response.status !== 200) throw refused(response.status, url);
        const body = await collect(response, LARGEST_CONTENT, url, (bytes) => memory.grow(bytes));
        // Where the bucket declares the compression as one of the transport, that undid it.
        const isPlain = response.headers.get('content-encoding')?.includes('gzip') === true;
        const bytes = isPlain ? body : await gunzipped(body, memory);
        damage = typeof bytes === 'string' ? bytes : checksumFault(bytes, id);
        if (damage !== null || typeof bytes === 'string') throw new TransientFailure(damage ?? '');
        return { bytes };
      });
    } catch (error) {
      if (damage !== null && error instanceof DownloadError) return { damaged: damage };
      throw error;
    }
  }
}

/** The content, or what is wrong. */
async function gunzipped(body: Buffer, memory: Claim): Promise<Buffer | string> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of pipeline([body], createGunzip(), () => {}) as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > LARGEST_CONTENT) return `the content is larger than ${LARGEST_CONTENT} bytes`;
      await memory.grow(piece.length);
      pieces.push(piece);
    }
    return Buffer.concat(pieces, length);
  } catch (error) {
    return `the content is not readable as gzip: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function checksumFault(bytes: Buffer, id: string): string | null {
  const checksum = createHash('sha1').update(bytes).digest('hex');
  return checksum === id ? null : `the content has the SHA-1 ${checksum}`;
}

function refused(status: number, url: URL): DownloadError {
  return new DownloadError(`${shown(url)} answers ${status}`, {
    hint: 'Check --contents: the address of the bucket, in which contents are at content/<SHA-1>.',
  });
}
