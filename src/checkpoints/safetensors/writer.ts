import { type FileHandle, open } from 'node:fs/promises';
import { writeFully } from '../../support/durable-files.js';
import { EarlyFlush } from '../../support/early-flush.js';
import { encodeHeader, type TensorSpec, tensorByteLength } from './header.js';

/** Bytes that are written, and given to an observer, at a time. */
const PIECE_BYTES = 1 << 21;

/**
 * Writes a safetensors file tensor by tensor, in space that it keeps free for the header. It writes under the name it
 * is given and keeps the disk at work, but does not wait until all is on it: callers work in a directory that is synced, and renamed, when
 * all is complete.
 */
export class SafetensorsWriter {
  private readonly specs: TensorSpec[] = [];
  private readonly names = new Set<string>();
  private readonly flush: EarlyFlush;
  private position: number;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly headerSpace: number,
  ) {
    this.position = headerSpace;
    this.flush = new EarlyFlush(file);
  }

  /**
   * Creates the file; an existing one is refused with the system's error.
   * @param headerSpace bytes kept for length field and header: `encodeHeader(specs, metadata).byteLength` if all
   *   tensors are known, otherwise enough for as many as will come; what is not used is padded with spaces.
   */
  static async create(path: string, headerSpace: number): Promise<SafetensorsWriter> {
    return new SafetensorsWriter(path, await open(path, 'wx'), headerSpace);
  }

  /** Size of the file so far, in bytes. */
  get byteLength(): number {
    return this.position;
  }

  /**
   * Appends a tensor, given whole or in pieces. If that fails, the file is no longer any good: `abandon` it.
   * @param observe sees the bytes in order while they are being written; for checksums.
   * @throws RangeError if the name was used before, or the bytes are not as many as type and shape take.
   */
  async append(
    spec: TensorSpec,
    bytes: Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    observe?: (piece: Uint8Array) => void,
  ): Promise<void> {
    if (this.names.has(spec.name)) throw new RangeError(`${spec.name} is written twice`);
    let rest = tensorByteLength(spec);
    for await (const part of bytes instanceof Uint8Array ? [bytes] : bytes) {
      rest -= part.byteLength;
      if (rest < 0) break;
      for (let start = 0; start < part.byteLength; start += PIECE_BYTES) {
        const piece = part.subarray(start, start + PIECE_BYTES);
        const writing = writeFully(this.file, piece, this.position);
        try {
          observe?.(piece);
        } finally {
          await writing;
        }
        this.position += piece.byteLength;
        this.flush.wrote(piece.byteLength);
      }
    }
    if (rest !== 0) throw new RangeError(`${spec.name} has ${rest < 0 ? 'more' : 'fewer'} bytes than its shape takes`);
    this.names.add(spec.name);
    this.specs.push(spec);
  }

  /** Writes the header and closes the file; the bytes of length field and header are returned. */
  async finish(metadata: Readonly<Record<string, string>> = {}): Promise<Uint8Array> {
    try {
      const header = encodeHeader(this.specs, metadata, this.headerSpace);
      if (header.byteLength > this.headerSpace) throw new RangeError('the header does not fit the space kept for it');
      await writeFully(this.file, header, 0);
      await this.flush.succeeded();
      return header;
    } finally {
      await this.abandon();
    }
  }

  /** Closes the file without a header, which leaves it invalid. */
  async abandon(): Promise<void> {
    await this.flush.ended();
    await this.file.close();
  }
}
