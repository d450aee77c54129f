import { stat } from 'node:fs/promises';
import type { DataFile } from '../data-files.js';
import { decompressed } from '../decompression.js';
import { isBlank, LINE_FEED, withoutByteOrderMark } from '../lines.js';
import { ParquetFile, partsOf } from '../parquet-file.js';
import { rowAsLine } from '../record-lines.js';
import { blocksOfChunks, blocksOfFile, type Memory, newMemory } from './line-blocks.js';

/** Consecutive records of a file, as they are sent to a worker. */
export interface RecordsBlock {
  file: Pick<DataFile, 'path'>;
  content: BlockContent;
  /** Number of its first line or row within the file, from 0, and how many it has; blank lines count. */
  first: number;
  count: number;
  /** Bytes of its records, roughly for rows. */
  bytes: number;
}

type BlockContent =
  /** Of memory that is the block's alone. */
  | { kind: 'lines'; bytes: Uint8Array<ArrayBuffer> }
  /** Read by the worker: decoding Parquet is work to be shared. */
  | { kind: 'rows'; start: number; end: number };

/** One record of a block: JSON, without a line feed; a view. */
export interface BlockLine {
  line: Uint8Array;
  /** 1-based line or row within the file. */
  number: number;
}

/** A row group is decoded up to the end of each of its parts, so there should be few of them. */
const PART_BYTES = 16 * 2 ** 20;

/**
 * The records of a file in blocks, in order, one block in memory at a time. How a file is cut depends on its content
 * alone.
 *
 * @param memory for the lines of a block, which is the block's from then on
 * @throws DataError if the file cannot be read or is damaged
 */
export async function* recordBlocks(file: DataFile, memory: Memory = newMemory): AsyncGenerator<RecordsBlock> {
  if (file.format === 'parquet') return yield* rowBlocks(file);
  const blocks =
    file.format === 'jsonl'
      ? blocksOfFile(file.path, memory)
      : blocksOfChunks(decompressed({ ...file, format: file.format }), memory);
  let first = 0;
  for await (const bytes of blocks) {
    const count = countLines(bytes);
    yield { file: { path: file.path }, content: { kind: 'lines', bytes }, first, count, bytes: bytes.length };
    first += count;
  }
}

/** The memory of a block that another thread can take over, so that it need not be copied. The block is of no use then. */
export function memoryOf({ content }: RecordsBlock): ArrayBuffer[] {
  return content.kind === 'lines' ? [content.bytes.buffer] : [];
}

/** The records of a block, without blank lines. @throws DataError if a Parquet file is damaged */
export async function linesOf({ file, content, first }: RecordsBlock): Promise<BlockLine[]> {
  if (content.kind === 'lines') return splitBlock(content.bytes, first);
  const rows = await readRows(file.path, content.start, content.end);
  return rows.map((row, i) => ({ line: rowAsLine(row), number: first + i + 1 }));
}

function splitBlock(block: Uint8Array, first: number): BlockLine[] {
  // A buffer's search is several times as fast as that of other arrays of bytes.
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.length);
  const lines: BlockLine[] = [];
  let number = first;
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found < 0 ? bytes.length : found;
    number++;
    if (!isBlank(bytes, start, end)) {
      const line = bytes.subarray(start, end);
      lines.push({ line: number === 1 ? withoutByteOrderMark(line) : line, number });
    }
    start = end + 1;
  }
  return lines;
}

function countLines(bytes: Buffer): number {
  let count = bytes.at(-1) === LINE_FEED ? 0 : 1;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}

async function* rowBlocks(file: DataFile): AsyncGenerator<RecordsBlock> {
  const { rowGroups } = await ParquetFile.open(file);
  for (const rowGroup of rowGroups) {
    if (rowGroup.end === rowGroup.start) continue;
    for (const { start, end, bytes } of partsOf(rowGroup, PART_BYTES))
      yield {
        file: { path: file.path },
        content: { kind: 'rows', start, end },
        first: start,
        count: end - start,
        bytes,
      };
  }
}

/** The file that this thread read last: its footer is the same for all blocks. */
let opened: { identity: string; file: Promise<ParquetFile> } | null = null;

async function readRows(path: string, start: number, end: number): Promise<Record<string, unknown>[]> {
  const { ino, size, mtimeMs } = await stat(path);
  const identity = `${path}:${ino}:${size}:${mtimeMs}`;
  if (opened?.identity !== identity) opened = { identity, file: ParquetFile.open({ path, size }) };
  return (await opened.file).rows(start, end, '*');
}
