import { type FileHandle, open, stat } from 'node:fs/promises';
import { CheckpointError } from '../../support/errors.js';
import { systemErrorCode } from '../../support/output-failures.js';
import { ReadAheadMemory, readAhead } from '../../support/read-ahead.js';

/**
 * A zip file whose entries are stored without compression, as `torch.save` writes them (APPNOTE.TXT of PKWARE; sizes
 * beyond 4 GiB by its zip64 records). The directory alone is held in memory; nothing that it says is believed.
 */

export interface StoredEntry {
  /** Position of the first byte in the file, and their number. */
  position: number;
  byteLength: number;
}

/** Largest directory that is read. A model of a thousand layers takes less than 2 MB. */
const MAX_DIRECTORY_BYTES = 1 << 26;

const END = { signature: 0x06_05_4b_50, bytes: 22, longestComment: 0xff_ff };
const END64_LOCATOR = { signature: 0x07_06_4b_50, bytes: 20 };
const END64 = { signature: 0x06_06_4b_50, bytes: 56 };
const DIRECTORY_ENTRY = { signature: 0x02_01_4b_50, bytes: 46 };
const LOCAL_HEADER = { signature: 0x04_03_4b_50, bytes: 30 };
const ZIP64_FIELD = 1;
/** In a field of 32 bits: the zip64 field has the number. */
const IN_ZIP64 = 0xff_ff_ff_ff;

export class StoredArchive {
  private readonly memory = new ReadAheadMemory();

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly fileSize: number,
    /** Where each entry's local header is, and the entry's size. */
    private readonly directory: ReadonlyMap<string, { header: number; byteLength: number }>,
  ) {}

  /** @throws CheckpointError if the file cannot be read, or is no zip file of stored entries */
  static async open(path: string): Promise<StoredArchive> {
    const file = await openRegular(path).catch((cause: unknown) => {
      if (systemErrorCode(cause) === undefined) throw cause;
      throw new CheckpointError(`cannot read ${path}: ${(cause as Error).message}`, { file: path, cause });
    });
    try {
      const { size } = await file.stat();
      return new StoredArchive(path, file, size, await readDirectory(file, path, size));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get names(): Iterable<string> {
    return this.directory.keys();
  }

  /** Bytes of an entry, as the directory says. @throws CheckpointError if there is none of this name */
  byteLength(name: string): number {
    return this.found(name).byteLength;
  }

  /** Where an entry's bytes are, which takes a small read. @throws CheckpointError if there is none of this name, or it lies outside of the file */
  async entry(name: string): Promise<StoredEntry> {
    const found = this.found(name);
    const header = await readAt(this.file, this.path, found.header, LOCAL_HEADER.bytes, this.fileSize);
    if (header.readUInt32LE(0) !== LOCAL_HEADER.signature) throw damaged(this.path, 'an entry has no header');
    const position = found.header + LOCAL_HEADER.bytes + header.readUInt16LE(26) + header.readUInt16LE(28);
    if (position + found.byteLength > this.fileSize) throw damaged(this.path, `${name} lies outside of the file`);
    return { position, byteLength: found.byteLength };
  }

  /** Bytes of the file. @throws CheckpointError if there are fewer, or reading fails */
  read(position: number, byteLength: number): Promise<Buffer> {
    return readAt(this.file, this.path, position, byteLength, this.fileSize);
  }

  /** Bytes of the file, in pieces as `readAhead` gives them. @throws CheckpointError as `read` */
  pieces(position: number, byteLength: number): AsyncIterable<Uint8Array> {
    const read = (target: Uint8Array, at: number) =>
      readInto(target, this.file, this.path, position + at, this.fileSize);
    return readAhead(byteLength, read, this.memory);
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private found(name: string): { header: number; byteLength: number } {
    const found = this.directory.get(name);
    if (found === undefined) throw damaged(this.path, `it has no entry ${JSON.stringify(name)}`);
    return found;
  }
}

/** Opening a pipe would wait for a writer. */
async function openRegular(path: string): Promise<FileHandle> {
  if (!(await stat(path)).isFile()) throw damaged(path, 'it is not a regular file');
  return open(path, 'r');
}

async function readDirectory(file: FileHandle, path: string, fileSize: number) {
  const { offset, byteLength, count } = await readEnd(file, path, fileSize);
  if (byteLength > MAX_DIRECTORY_BYTES) throw damaged(path, `its directory claims ${byteLength} bytes`);
  const bytes = await readAt(file, path, offset, byteLength, fileSize);
  const entries = new Map<string, { header: number; byteLength: number }>();
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + DIRECTORY_ENTRY.bytes > bytes.length || bytes.readUInt32LE(at) !== DIRECTORY_ENTRY.signature)
      throw damaged(path, 'its directory is cut short');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field));
    const nameEnd = at + DIRECTORY_ENTRY.bytes + nameLength!;
    const extraEnd = nameEnd + extraLength!;
    if (extraEnd > bytes.length) throw damaged(path, 'its directory is cut short');
    const name = bytes.toString('utf8', at + DIRECTORY_ENTRY.bytes, nameEnd);
    if (bytes.readUInt16LE(at + 10) !== 0) throw damaged(path, `${JSON.stringify(name)} is compressed`);
    const sizes = { byteLength: bytes.readUInt32LE(at + 24), packed: bytes.readUInt32LE(at + 20) };
    const wide = zip64Numbers(bytes.subarray(nameEnd, extraEnd));
    const next = (value: number) => (value === IN_ZIP64 ? (wide.shift() ?? -1) : value);
    const size = next(sizes.byteLength);
    const packed = next(sizes.packed);
    const header = next(bytes.readUInt32LE(at + 42));
    if (size !== packed || !isPosition(size, fileSize) || !isPosition(header, fileSize) || entries.has(name))
      throw damaged(path, `the entry ${JSON.stringify(name)} is not possible`);
    entries.set(name, { header, byteLength: size });
    at = extraEnd + commentLength!;
  }
  return entries;
}

async function readEnd(file: FileHandle, path: string, fileSize: number) {
  const tailBytes = Math.min(fileSize, END.bytes + END.longestComment + END64_LOCATOR.bytes);
  const tailStart = fileSize - tailBytes;
  const tail = await readAt(file, path, tailStart, tailBytes, fileSize);
  let at = tail.length - END.bytes;
  while (at >= 0 && tail.readUInt32LE(at) !== END.signature) at--;
  if (at < 0) throw damaged(path, (await beginsAsZip(file, path, fileSize)) ? CUT_SHORT : 'it is no zip file');
  const end = {
    count: tail.readUInt16LE(at + 10),
    byteLength: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  const locator = at - END64_LOCATOR.bytes;
  if (locator < 0 || tail.readUInt32LE(locator) !== END64_LOCATOR.signature) return end;
  const wide = await readAt(file, path, Number(tail.readBigUInt64LE(locator + 8)), END64.bytes, fileSize);
  if (wide.readUInt32LE(0) !== END64.signature) throw damaged(path, 'its zip64 record is missing');
  const [count, byteLength, offset] = [32, 40, 48].map((field) => Number(wide.readBigUInt64LE(field)));
  return { count: count!, byteLength: byteLength!, offset: offset! };
}

/** What stands at the end tells a whole file, what stands at the beginning one of which the end is missing. */
const CUT_SHORT = 'it is truncated: it begins as a zip file, and the directory at its end is missing';

async function beginsAsZip(file: FileHandle, path: string, fileSize: number): Promise<boolean> {
  if (fileSize < 4) return false;
  return (await readAt(file, path, 0, 4, fileSize)).readUInt32LE(0) === LOCAL_HEADER.signature;
}

/** The 64-bit numbers of an entry's zip64 field, in the order of the fields that they stand for. */
function zip64Numbers(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2);
    const end = Math.min(at + 4 + length, extra.length);
    if (extra.readUInt16LE(at) === ZIP64_FIELD) {
      const numbers: number[] = [];
      for (let field = at + 4; field + 8 <= end; field += 8) numbers.push(Number(extra.readBigUInt64LE(field)));
      return numbers;
    }
    at += 4 + length;
  }
  return [];
}

const isPosition = (value: number, fileSize: number): boolean =>
  Number.isSafeInteger(value) && value >= 0 && value <= fileSize;

async function readAt(file: FileHandle, path: string, position: number, byteLength: number, fileSize: number) {
  if (!isPosition(position, fileSize) || position + byteLength > fileSize) throw damaged(path, 'it is cut short');
  const bytes = Buffer.alloc(byteLength);
  await readInto(bytes, file, path, position, fileSize);
  return bytes;
}

async function readInto(target: Uint8Array, file: FileHandle, path: string, position: number, fileSize: number) {
  const { byteLength } = target;
  if (!isPosition(position, fileSize) || position + byteLength > fileSize) throw damaged(path, 'it is cut short');
  for (let done = 0; done < byteLength; ) {
    const { bytesRead } = await file.read(target, done, Math.min(byteLength - done, 1 << 30), position + done);
    if (bytesRead === 0) throw damaged(path, 'it has become shorter while it was read');
    done += bytesRead;
  }
}

function damaged(file: string, what: string): CheckpointError {
  return new CheckpointError(`${file} is not a checkpoint of torch.save: ${what}`, {
    file,
    hint: 'Use another copy, or save it again with a version of torch since 1.6.',
  });
}
