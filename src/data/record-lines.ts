import { createReadStream } from 'node:fs';
import type { DataFile } from './data-files.js';
import { decompressed } from './decompression.js';
import { cutLongLines, isBlank, splitLines, withoutByteOrderMark } from './lines.js';
import { ParquetFile, partsOf } from './parquet-file.js';
import { parseLine, type RecordResult, readRecord } from './records.js';

/** A record with all its fields. */
export interface RecordLine {
  /** JSON without a line feed; a view, copy what is kept. */
  line: Uint8Array;
  /** 1-based line or row in the file. */
  number: number;
  result: RecordResult;
}

/** Bytes of Parquet rows that are decoded at once. */
const PART_BYTES = 16 * 2 ** 20;

/** Every record of a file, in order. @throws DataError if the file cannot be read or is damaged */
export async function* recordLines(file: DataFile): AsyncGenerator<RecordLine> {
  if (file.format === 'parquet') return yield* parquetRecords(file);
  const bytes = file.format === 'jsonl' ? createReadStream(file.path) : decompressed({ ...file, format: file.format });
  for await (const { line, number } of jsonLinesOf(bytes)) {
    yield { line, number, result: parseLine(line, null) };
  }
}

/** A line of a JSONL file, with its 1-based number; a view, copy what is kept. */
export interface NumberedLine {
  line: Uint8Array;
  number: number;
}

/** The lines of JSONL that are not blank. */
export async function* jsonLinesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<NumberedLine> {
  let number = 0;
  for await (const whole of splitLines(cutLongLines(chunks))) {
    number++;
    if (isBlank(whole)) continue;
    yield { line: number === 1 ? withoutByteOrderMark(whole) : whole, number };
  }
}

async function* parquetRecords(file: DataFile): AsyncGenerator<RecordLine> {
  const parquet = await ParquetFile.open(file);
  for (const rowGroup of parquet.rowGroups) {
    for (const { start, end } of partsOf(rowGroup, PART_BYTES)) {
      const rows = await parquet.rows(start, end, '*');
      for (const [i, row] of rows.entries()) {
        yield { line: rowAsLine(row), number: start + i + 1, result: readRecord(row, null) };
      }
    }
  }
}

/** A row of a Parquet file, as `ParquetFile.rows` gives it, as a line of JSON without a line feed. */
export function rowAsLine(row: Readonly<Record<string, unknown>>): Uint8Array {
  return Buffer.from(JSON.stringify(row, asJson));
}

/** Strings come as UTF-8 bytes, and 64-bit integers as BigInt, which JSON has no form for. */
export function asJson(_: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8');
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}
