import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFully } from '../support/durable-files.js';
import { LINE_FEED, splitLines } from './lines.js';

const BUFFER_BYTES = 65_536;
const LINE_END = Uint8Array.of(LINE_FEED);

interface Bucket {
  path: string;
  file: FileHandle | null;
  buffered: Uint8Array[];
  bufferedBytes: number;
  bytes: number;
}

/**
 * Lines dealt into temporary files, so that what does not fit in memory together can be handled a bucket at a time.
 */
export class LineBuckets {
  private readonly buckets: Bucket[];

  /** @param folder an existing temporary folder; its owner removes it */
  constructor(folder: string, name: string, count: number) {
    this.buckets = Array.from({ length: count }, (_, i) => ({
      path: join(folder, `${name}.${i}.tmp`),
      file: null,
      buffered: [],
      bufferedBytes: 0,
      bytes: 0,
    }));
  }

  get count(): number {
    return this.buckets.length;
  }

  /** Bytes of a bucket's lines with their ends. */
  bytes(bucket: number): number {
    return this.buckets[bucket]!.bytes;
  }

  /** Copies a line, without line feed, to the end of a bucket. */
  async append(bucket: number, line: Uint8Array): Promise<void> {
    const into = this.buckets[bucket]!;
    into.buffered.push(new Uint8Array(line), LINE_END);
    into.bufferedBytes += line.length + 1;
    into.bytes += line.length + 1;
    if (into.bufferedBytes >= BUFFER_BYTES) await flush(into);
  }

  /** Ends the writing, after which buckets can be read. */
  async finish(): Promise<void> {
    for (const bucket of this.buckets) {
      if (bucket.bufferedBytes > 0) await flush(bucket);
      await bucket.file?.close();
      bucket.file = null;
    }
  }

  /** Closes what is open after a failure. */
  async abandon(): Promise<void> {
    for (const { file } of this.buckets) await file?.close();
  }

  /** The lines of a bucket in the order in which they were appended; copy what is kept. */
  async *lines(bucket: number): AsyncGenerator<Uint8Array> {
    const { path, bytes } = this.buckets[bucket]!;
    if (bytes > 0) yield* splitLines(createReadStream(path));
  }

  async remove(bucket: number): Promise<void> {
    await rm(this.buckets[bucket]!.path, { force: true });
  }
}

async function flush(bucket: Bucket): Promise<void> {
  bucket.file ??= await open(bucket.path, 'wx');
  const bytes = Buffer.concat(bucket.buffered);
  bucket.buffered = [];
  bucket.bufferedBytes = 0;
  await writeFully(bucket.file, bytes);
}
