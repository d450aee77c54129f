import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createWriteStreamAtomic } from '../../support/atomic-files.js';
import type { Column } from './columns.js';
import { ParquetEncoder } from './parquet-encoder.js';
import type { BlockOutput, BlockShape } from './worker-protocol.js';

/** A shard while it is written. It has its name once `finish` has ended. */
export class ShardFile {
  private readonly hash = createHash('sha256');
  private readonly stream: Writable;
  private bytes = 0;

  private constructor(
    path: string,
    private readonly parquet: ParquetEncoder | null,
  ) {
    this.stream = createWriteStreamAtomic(path);
    // Failures reach whoever writes, by the callbacks of `write` and by `finished`.
    this.stream.on('error', () => {});
  }

  static async create(path: string, shape: BlockShape): Promise<ShardFile> {
    const parquet = shape.kind === 'parquet' ? await ParquetEncoder.create(shape.columns as Column[]) : null;
    return new ShardFile(path, parquet);
  }

  /** @throws OutputError if it cannot be written */
  async write(output: BlockOutput): Promise<void> {
    if (output.kind === 'bytes') await this.put(output.bytes);
    else await this.put(await this.parquet!.rowGroup(output.columns));
  }

  /** Waits until the shard is on the disk and has its name. @throws OutputError if it cannot be written */
  async finish(): Promise<{ bytes: number; sha256: string }> {
    if (this.parquet !== null) await this.put(await this.parquet.footer());
    this.stream.end();
    await finished(this.stream);
    return { bytes: this.bytes, sha256: this.hash.digest('hex') };
  }

  /** Leaves nothing. */
  async abandon(): Promise<void> {
    this.stream.destroy();
    if (!this.stream.closed) await new Promise((resolve) => this.stream.once('close', resolve));
  }

  private put(bytes: Uint8Array): Promise<void> {
    this.hash.update(bytes);
    this.bytes += bytes.length;
    return new Promise((resolve, reject) => {
      this.stream.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** SHA-256 of a file in hexadecimal; null if it is not there. */
export async function checksumOf(path: string, signal?: AbortSignal): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
      signal?.throwIfAborted();
      hash.update(chunk as Buffer);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  return hash.digest('hex');
}
