import { DataError } from '../../support/errors.js';

/** Takes a stream of bytes in pieces of chosen lengths. Holds no more than one piece and one chunk. */
export class ByteReader {
  /** Bytes that were taken. */
  offset = 0;
  private readonly iterator: AsyncIterator<Uint8Array>;
  private rest: Uint8Array = new Uint8Array(0);

  /** @param origin of the bytes, for errors */
  constructor(
    chunks: AsyncIterable<Uint8Array>,
    readonly origin: string,
  ) {
    this.iterator = chunks[Symbol.asyncIterator]();
  }

  /** The next `length` bytes, or fewer where the stream ends. */
  async upTo(length: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.rest.length === 0) {
        const { done, value } = await this.iterator.next();
        if (done) break;
        this.rest = value;
      }
      const part = this.rest.subarray(0, missing);
      this.rest = this.rest.subarray(part.length);
      missing -= part.length;
      parts.push(part);
    }
    const bytes = Buffer.concat(parts);
    this.offset += bytes.length;
    return bytes;
  }

  /** @throws DataError if the stream ends before */
  async read(length: number, what: string): Promise<Buffer> {
    const bytes = await this.upTo(length);
    if (bytes.length === length) return bytes;
    throw new DataError(`the file ends at byte ${this.offset}, within ${what}`, {
      file: this.origin,
      hint: 'It was cut short: get it again, or compress the original again.',
    });
  }

  /** Lets go of the stream, which may be a file, wherever reading has stopped. */
  async close(): Promise<void> {
    await this.iterator.return?.();
  }

  damaged(what: string, at: number): DataError {
    return new DataError(`${what} at byte ${at} is damaged`, {
      file: this.origin,
      hint: 'Get the file again, or compress the original again.',
    });
  }
}
