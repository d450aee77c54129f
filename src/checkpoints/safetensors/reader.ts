import { constants } from 'node:buffer';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { CheckpointError } from '../../support/errors.js';
import { systemErrorCode } from '../../support/output-failures.js';
import { READ_AHEAD_BYTES, ReadAheadMemory, readAhead } from '../../support/read-ahead.js';
import { decodeHeader, headerLength, LENGTH_BYTES, type SafetensorsHeader, type TensorEntry } from './header.js';

/** Sees the bytes of a tensor in order, piece by piece, while the next piece is being read; for checksums. */
export type PieceObserver = (piece: Uint8Array) => void;

/** An open safetensors file. Only its header is held in memory; tensors are read when asked for. */
export class SafetensorsFile {
  private readonly byName: ReadonlyMap<string, TensorEntry>;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly header: SafetensorsHeader,
    /** Length field and header as they stand in the file. */
    readonly headerBytes: Uint8Array,
  ) {
    this.byName = new Map(header.entries.map((entry) => [entry.name, entry]));
  }

  /** @throws CheckpointError if there is no such file, or its header or size is not valid. */
  static async open(path: string): Promise<SafetensorsFile> {
    const file = await openRegular(path);
    try {
      const { size } = await file.stat();
      const first = new Uint8Array(Math.min(LENGTH_BYTES, size));
      await readFully(file, path, first, 0);
      const bytes = new Uint8Array(LENGTH_BYTES + headerLength(first, size, path));
      await readFully(file, path, bytes, 0);
      return new SafetensorsFile(path, file, decodeHeader(bytes.subarray(LENGTH_BYTES), size, path), bytes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** In the order in which they stand in the file. */
  get entries(): readonly TensorEntry[] {
    return this.header.entries;
  }

  get metadata(): Readonly<Record<string, string>> {
    return this.header.metadata;
  }

  /** @throws CheckpointError if the file has no tensor of this name. */
  entry(name: string): TensorEntry {
    const entry = this.byName.get(name);
    if (entry !== undefined) return entry;
    throw new CheckpointError(`${this.path} has no tensor ${JSON.stringify(name)}`, {
      file: this.path,
      field: name,
      hint: 'Check that the file belongs to this model.',
    });
  }

  /** The bytes of a tensor, row-major and little-endian. @throws CheckpointError as `entry`, or if reading fails. */
  async read(name: string, observe?: PieceObserver): Promise<Uint8Array> {
    const { position, byteLength } = this.entry(name);
    return this.readBytes(name, position, byteLength, observe);
  }

  /**
   * The bytes of a tensor in order, a piece at a time while the next one is being read. A piece is good until the next
   * is asked for. @throws CheckpointError as `read`.
   */
  async *pieces(name: string, memory = new ReadAheadMemory()): AsyncGenerator<Uint8Array, undefined> {
    const { position, byteLength } = this.entry(name);
    yield* readAhead(byteLength, (target, at) => readFully(this.file, this.path, target, position + at), memory);
  }

  /**
   * The bytes of `count` rows from `start` on, along the outermost dimension.
   * @throws RangeError if the tensor has no such rows. @throws CheckpointError as `read`.
   */
  async readRows(name: string, start: number, count: number): Promise<Uint8Array> {
    const { shape, position, byteLength } = this.entry(name);
    const rows = shape[0] ?? 1;
    if (!(start >= 0 && count >= 0 && start + count <= rows)) {
      throw new RangeError(`rows ${start} to ${start + count} of ${name}, which has ${rows}`);
    }
    const rowBytes = rows === 0 ? 0 : byteLength / rows;
    return this.readBytes(name, position + start * rowBytes, count * rowBytes);
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private async readBytes(
    name: string,
    position: number,
    byteLength: number,
    observe?: PieceObserver,
  ): Promise<Uint8Array> {
    if (byteLength > constants.MAX_LENGTH) {
      throw new CheckpointError(`${this.path}: tensor ${name} is too large to be read at once`, {
        file: this.path,
        field: name,
        hint: 'Read it by rows, or use a newer Node.',
      });
    }
    // Zeros would be written over, and writing them takes as long as reading.
    const target = new Uint8Array(Buffer.allocUnsafeSlow(byteLength).buffer);
    let observed = 0;
    for (let start = 0; start < byteLength; start += READ_AHEAD_BYTES) {
      const piece = target.subarray(start, start + READ_AHEAD_BYTES);
      const reading = readFully(this.file, this.path, piece, position + start);
      // The previous piece is looked at while this one is on its way.
      observe?.(target.subarray(observed, start));
      observed = start;
      await reading;
    }
    observe?.(target.subarray(observed));
    return target;
  }
}

async function openRegular(path: string): Promise<FileHandle> {
  try {
    // Opening a pipe would wait for a writer.
    if (!(await stat(path)).isFile()) throw unreadable(path, 'it is not a regular file');
    return await open(path, 'r');
  } catch (error) {
    throw asCheckpointError(error, path);
  }
}

async function readFully(file: FileHandle, path: string, target: Uint8Array, position: number): Promise<void> {
  for (let start = 0; start < target.byteLength; ) {
    const length = target.byteLength - start;
    const { bytesRead } = await file.read(target, start, length, position + start).catch((error: unknown) => {
      throw asCheckpointError(error, path);
    });
    if (bytesRead === 0) throw unreadable(path, 'it has become shorter while it was read');
    start += bytesRead;
  }
}

/** A CheckpointError for the system's refusals to read; other errors unchanged. */
function asCheckpointError(error: unknown, path: string): unknown {
  const code = systemErrorCode(error);
  if (code === undefined) return error;
  return unreadable(path, code === 'ENOENT' ? 'there is no such file' : (error as Error).message, error);
}

function unreadable(path: string, what: string, cause?: unknown): CheckpointError {
  return new CheckpointError(`cannot read ${path}: ${what}`, { file: path, hint: 'Check the path.', cause });
}
