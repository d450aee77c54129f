import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably, writeFully } from '../support/durable-files.js';
import { DataError, UsageError } from '../support/errors.js';
import { exists } from '../support/output-failures.js';
import { LINE_FEED } from './lines.js';

/** Name of the file that describes a dataset, and what its content begins with. */
export const MANIFEST = 'manifest.json';
export const DATASET_FORMAT = 'proxy-compression dataset';

/** What is in a dataset's folder: `manifest.json`. */
export interface DatasetManifest {
  format: typeof DATASET_FORMAT;
  version: 1;
  documents: number;
  /** Bytes of all texts as UTF-8. */
  textBytes: number;
  files: ChunkSummary[];
  /** The command that made it, with what decided its content. */
  madeBy: Readonly<Record<string, unknown>>;
}

export interface ChunkSummary {
  name: string;
  documents: number;
  /** Size of the file. */
  bytes: number;
  textBytes: number;
  sha256: string;
}

export interface ChunkOptions {
  /** Beginning of the chunks' names. */
  prefix: string;
  /** Largest size of a chunk; a longer record has a chunk to itself. */
  chunkBytes: number;
}

/** Where a writer stands, as small JSON: what is needed to go on in another process. */
export interface WriterState {
  finished: ChunkSummary[];
  /** The chunk in hand; its checksum is not known yet. */
  current: Omit<ChunkSummary, 'sha256'> | null;
}

const BUFFER_BYTES = 1 << 20;
/** Chunks are listed in the order of their names; more digits than this sort wrongly but are read all the same. */
const DIGITS = 5;

/** Writes `<prefix>.chunk.<i>.jsonl` files, i from 1, and their manifest into a folder that is not in use yet. */
export class DatasetWriter {
  private readonly finished: ChunkSummary[] = [];
  private chunk: (ChunkSummary & { file: FileHandle; hash: Hash }) | null = null;
  private buffered: Uint8Array[] = [];
  private bufferedBytes = 0;

  /** @throws UsageError for a prefix by which chunks would lie elsewhere, or would not be found again */
  constructor(
    private readonly folder: string,
    private readonly options: ChunkOptions,
  ) {
    requirePrefix(options.prefix);
  }

  /**
   * Goes on where a state was saved. What was written after that is removed, so that nothing is there twice.
   *
   * @throws DataError if the files are not those of the state
   */
  static async resume(folder: string, options: ChunkOptions, state: WriterState): Promise<DatasetWriter> {
    const writer = new DatasetWriter(folder, options);
    writer.finished.push(...state.finished);
    const known = new Set([...state.finished, state.current].map((chunk) => chunk?.name));
    for (const name of await readdir(folder)) {
      if (!known.has(name)) await rm(join(folder, name), { recursive: true });
    }
    for (const { name, bytes } of state.finished) await requireSize(join(folder, name), bytes, false);
    if (state.current !== null) {
      const path = join(folder, state.current.name);
      await requireSize(path, state.current.bytes, true);
      const file = await open(path, 'a');
      const hash = createHash('sha256');
      writer.chunk = { ...state.current, sha256: '', file, hash };
      await file.truncate(state.current.bytes);
      for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
    }
    return writer;
  }

  get documents(): number {
    return this.finished.reduce((sum, { documents }) => sum + documents, this.chunk?.documents ?? 0);
  }

  /** Bytes of all texts so far. */
  get textBytes(): number {
    return this.finished.reduce((sum, { textBytes }) => sum + textBytes, this.chunk?.textBytes ?? 0);
  }

  /** Waits until everything added is on the disk. Returns what `resume` needs to go on after it. */
  async save(): Promise<WriterState> {
    if (this.chunk === null) return { finished: [...this.finished], current: null };
    await this.flush();
    const { file, hash, sha256, ...current } = this.chunk;
    await file.sync();
    return { finished: [...this.finished], current };
  }

  /**
   * Adds one record.
   *
   * @param line JSON without a line feed; not kept
   * @param textBytes bytes of its text
   */
  async add(line: Uint8Array, textBytes: number): Promise<void> {
    const length = line.length + 1;
    if (this.chunk !== null && this.chunk.bytes + length > this.options.chunkBytes) await this.endChunk();
    this.chunk ??= await this.beginChunk();
    const ended = new Uint8Array(length);
    ended.set(line);
    ended[line.length] = LINE_FEED;
    this.buffered.push(ended);
    this.bufferedBytes += length;
    this.chunk.bytes += length;
    this.chunk.documents++;
    this.chunk.textBytes += textBytes;
    if (this.bufferedBytes >= BUFFER_BYTES) await this.flush();
  }

  /** Writes what is left and the manifest. */
  async finish(madeBy: DatasetManifest['madeBy']): Promise<DatasetManifest> {
    await this.endChunk();
    const manifest: DatasetManifest = {
      format: DATASET_FORMAT,
      version: 1,
      documents: this.documents,
      textBytes: this.textBytes,
      files: this.finished,
      madeBy,
    };
    await writeFileDurably(join(this.folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    return manifest;
  }

  /** Closes the file in hand after a failure. */
  async abandon(): Promise<void> {
    await this.chunk?.file.close();
    this.chunk = null;
  }

  private async beginChunk() {
    const number = String(this.finished.length + 1).padStart(DIGITS, '0');
    const name = `${this.options.prefix}.chunk.${number}.jsonl`;
    const file = await open(join(this.folder, name), 'wx');
    return { name, documents: 0, bytes: 0, textBytes: 0, sha256: '', file, hash: createHash('sha256') };
  }

  private async flush(): Promise<void> {
    const { file, hash } = this.chunk!;
    const bytes = Buffer.concat(this.buffered);
    this.buffered = [];
    this.bufferedBytes = 0;
    hash.update(bytes);
    await writeFully(file, bytes);
  }

  private async endChunk(): Promise<void> {
    if (this.chunk === null) return;
    await this.flush();
    const { file, hash, ...summary } = this.chunk;
    this.chunk = null;
    await file.sync();
    await file.close();
    this.finished.push({ ...summary, sha256: hash.digest('hex') });
  }
}

/** @throws UsageError for a prefix by which chunks would lie elsewhere, or would not be found again */
export function requirePrefix(prefix: string): void {
  if (/^[^./\\][^/\\]*$/.test(prefix)) return;
  throw new UsageError(`${JSON.stringify(prefix)} cannot begin the name of a file with records`, {
    field: '--prefix',
    hint: 'Give a word without slashes that does not begin with a dot.',
  });
}

async function requireSize(path: string, bytes: number, mayBeLonger: boolean): Promise<void> {
  const size = (await exists(path)) ? (await stat(path)).size : 0;
  if (size === bytes || (mayBeLonger && size > bytes)) return;
  throw new DataError(`a chunk that was written before has ${size} bytes instead of ${bytes}`, {
    file: path,
    hint: 'It was changed since. Begin again with --restart.',
  });
}
