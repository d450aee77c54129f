import { createReadStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { createWriteStreamAtomic } from '../support/atomic-files.js';
import { CodebookError } from '../support/errors.js';
import type { FrequencyModel } from './byte-model.js';

/**
 * The frequencies that a codebook was compiled from, to compile it again where its model cannot be run: gzip of a magic number
 * and rows of 256 integers of 16 bits, little-endian, in the order in which the compiler asks. No frequency is 2^16, since
 * all are at least 1.
 */
const MAGIC = Buffer.from('PCFREQ01', 'latin1');
const ROW_BYTES = 512;

/**
 * Does work with a model whose answers are written to a file, which gets its name when the work has ended.
 *
 * @throws what the work throws; OutputError if the file cannot be written. No file is left then.
 */
export async function recordFrequencies<Result>(
  path: string,
  model: FrequencyModel,
  work: (recorded: FrequencyModel) => Promise<Result>,
): Promise<Result> {
  const rows = new PassThrough();
  const abort = new AbortController();
  const written = pipeline(rows, createGzip(), createWriteStreamAtomic(path), { signal: abort.signal });
  // Awaited below; until then it is not unhandled.
  written.catch(() => {});
  const write = async (bytes: Buffer): Promise<void> => {
    if (rows.write(bytes)) return;
    await Promise.race([new Promise((resolve) => rows.once('drain', resolve)), written]);
  };
  try {
    await write(MAGIC);
    const result = await work({
      fingerprint: model.fingerprint,
      async frequencies(prefixes) {
        const frequencies = await model.frequencies(prefixes);
        const bytes = Buffer.alloc(2 * frequencies.length);
        for (const [index, frequency] of frequencies.entries()) bytes.writeUInt16LE(frequency, 2 * index);
        await write(bytes);
        return frequencies;
      },
    });
    rows.end();
    await written;
    return result;
  } catch (error) {
    abort.abort();
    await written.catch(() => {});
    throw error;
  }
}

/**
 * Does work with the answers that a file recorded, given in its order to whoever asks.
 *
 * @throws CodebookError if the file cannot be read, is damaged or foreign, or more is asked for than it holds, or less
 */
export async function replayFrequencies<Result>(
  path: string,
  work: (recorded: FrequencyModel) => Promise<Result>,
): Promise<Result> {
  const source = createReadStream(path);
  const unzipped = source.pipe(createGunzip());
  source.on('error', (error) => unzipped.destroy(error));
  const reader = new ExactReader(unzipped, path);
  try {
    if (!(await reader.read(MAGIC.length)).equals(MAGIC)) throw fault('the file holds no frequencies', path);
    const result = await work({
      fingerprint: `recorded:${path}`,
      async frequencies(prefixes) {
        const bytes = await reader.read(prefixes.length * ROW_BYTES);
        return Uint32Array.from({ length: prefixes.length * 256 }, (_, index) => bytes.readUInt16LE(2 * index));
      },
    });
    await reader.expectEnd();
    return result;
  } finally {
    source.destroy();
    unzipped.destroy();
  }
}

class ExactReader {
  private readonly chunks: AsyncIterator<Buffer>;
  private rest: Buffer = Buffer.alloc(0);

  constructor(
    stream: AsyncIterable<Buffer>,
    private readonly path: string,
  ) {
    this.chunks = stream[Symbol.asyncIterator]();
  }

  async read(length: number): Promise<Buffer> {
    const parts = [this.rest];
    let size = this.rest.length;
    while (size < length) {
      const chunk = await this.next();
      if (chunk === null) throw fault('the file ends before all frequencies that compiling asks for', this.path);
      parts.push(chunk);
      size += chunk.length;
    }
    const joined = Buffer.concat(parts);
    this.rest = joined.subarray(length);
    return joined.subarray(0, length);
  }

  async expectEnd(): Promise<void> {
    if (this.rest.length > 0 || (await this.next()) !== null)
      throw fault('the file holds more frequencies than compiling asks for', this.path);
  }

  private async next(): Promise<Buffer | null> {
    try {
      const { done, value } = await this.chunks.next();
      return done === true ? null : value;
    } catch (cause) {
      throw fault(`the file cannot be read: ${cause instanceof Error ? cause.message : cause}`, this.path, cause);
    }
  }
}

function fault(what: string, file: string, cause?: unknown): CodebookError {
  const hint = 'Give the file that `pc codebook build --frequencies` wrote for this codebook.';
  return new CodebookError(what, { file, hint, cause });
}
