import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { DataError } from '../support/errors.js';
import type { BlockOptions, BlockReader, RecordBlock, Unit } from './blocks.js';
import type { DataFile } from './data-files.js';
import { isBlank, LINE_FEED, LONGEST_LINE, withoutByteOrderMark } from './lines.js';
import { parseLine } from './records.js';

const SCAN_BYTES = 65_536;

/**
 * Reads the records of a plain JSONL file that begin within a range of bytes. Positions are byte offsets, so any block
 * is read without what comes before it. Files are opened for one block at a time, so that any number of rows may share
 * any number of files, and read in this thread: for blocks of this size a round trip to the thread pool costs more.
 */
export class JsonlBlockReader implements BlockReader {
  constructor(
    private readonly file: DataFile,
    private readonly unit: Pick<Unit, 'start' | 'end'>,
    private readonly options: BlockOptions,
  ) {}

  async block(start: number | null): Promise<RecordBlock> {
    const { path } = this.file;
    let descriptor: number | undefined;
    try {
      descriptor = openSync(path, 'r');
      const from = start ?? this.firstLine(descriptor);
      const until = Math.min(this.unit.end, from + this.options.blockBytes);
      if (from >= until) return new JsonlBlock(path, new Uint8Array(0), from, null, this.options);
      const { bytes, end } = this.wholeLines(descriptor, from, until);
      return new JsonlBlock(path, bytes, from, end < this.unit.end ? end : null, this.options);
    } catch (cause) {
      if (cause instanceof DataError) throw cause;
      throw new DataError('the file cannot be read', { file: path, cause });
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  async close(): Promise<void> {}

  /** Offset of the first line that begins in the unit, or the unit's end. */
  private firstLine(descriptor: number): number {
    const { start, end } = this.unit;
    // A line begins at `start` if the byte before it ends one.
    return start === 0 ? 0 : (this.lineEnd(descriptor, start - 1, end - 1) ?? end);
  }

  /** Offset behind the first line feed in `from` … `until` − 1, or null. */
  private lineEnd(descriptor: number, from: number, until: number): number | null {
    const buffer = new Uint8Array(Math.min(SCAN_BYTES, until - from));
    for (let at = from; at < until; ) {
      const bytes = readFully(descriptor, buffer, at, Math.min(buffer.length, until - at), this.file.path);
      const found = bytes.indexOf(LINE_FEED);
      if (found >= 0) return at + found + 1;
      at += bytes.length;
    }
    return null;
  }

  /**
   * The lines that begin in `from` … `until`, the last one to its end, and the offset of that. A line that is too long to
   * be read is cut where that is plain.
   */
  private wholeLines(descriptor: number, from: number, until: number): { bytes: Uint8Array; end: number } {
    const { size, path } = this.file;
    let bytes: Uint8Array = readFully(descriptor, new Uint8Array(until - from), from, until - from, path);
    const lastLine = bytes.lastIndexOf(LINE_FEED) + 1;
    while (bytes.at(-1) !== LINE_FEED && from + bytes.length < size) {
      const room = lastLine + LONGEST_LINE + 1 - bytes.length;
      if (room <= 0) return { bytes, end: this.lineEnd(descriptor, from + bytes.length, size) ?? size };
      const more = Math.min(Math.max(bytes.length, SCAN_BYTES), size - from - bytes.length, room);
      const longer = new Uint8Array(bytes.length + more);
      longer.set(bytes);
      const rest = readFully(descriptor, longer.subarray(bytes.length), from + bytes.length, more, path);
      const end = rest.indexOf(LINE_FEED);
      bytes = end < 0 ? longer : longer.subarray(0, bytes.length + end + 1);
    }
    return { bytes, end: from + bytes.length };
  }
}

class JsonlBlock implements RecordBlock {
  /** Offsets of the first and one past the last byte of each line that is not blank. */
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];

  constructor(
    private readonly path: string,
    private readonly bytes: Uint8Array,
    private readonly offset: number,
    readonly next: number | null,
    private readonly options: BlockOptions,
  ) {
    for (let start = 0; start < bytes.length; ) {
      const found = bytes.indexOf(LINE_FEED, start);
      const end = found < 0 ? bytes.length : found;
      if (!isBlank(bytes, start, end)) {
        this.starts.push(start);
        this.ends.push(end);
      }
      start = end + 1;
    }
  }

  get count(): number {
    return this.starts.length;
  }

  read(index: number) {
    const line = this.bytes.subarray(this.starts[index], this.ends[index]);
    const first = this.offset + this.starts[index]! === 0;
    return parseLine(first ? withoutByteOrderMark(line) : line, this.options.codeField);
  }

  async lineOf(index: number): Promise<number> {
    const end = this.offset + this.starts[index]!;
    if (end === 0) return 1;
    let line = 1;
    for await (const chunk of createReadStream(this.path, { end: end - 1 })) {
      for (const byte of chunk as Buffer) if (byte === LINE_FEED) line++;
    }
    return line;
  }
}

function readFully(descriptor: number, buffer: Uint8Array, position: number, length: number, path: string): Uint8Array {
  for (let done = 0; done < length; ) {
    const count = readSync(descriptor, buffer, done, length - done, position + done);
    if (count === 0) {
      throw new DataError('the file became shorter while it was read', {
        file: path,
        hint: 'Do not change data files while they are in use.',
      });
    }
    done += count;
  }
  return buffer.subarray(0, length);
}
