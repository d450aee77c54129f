import { type FileHandle, open } from 'node:fs/promises';
import type { AsyncBuffer, FileMetaData, ParquetParsers } from 'hyparquet';
import { DataError } from '../support/errors.js';
import type { DataFile } from './data-files.js';
import { type FieldPattern, matchesField, TEXT_FIELDS } from './records.js';

/** The rows of a row group or of a part of one: `start` ≤ row < `end`. */
export interface RowRange {
  start: number;
  end: number;
  /** Uncompressed bytes of all columns, roughly for a part. */
  bytes: number;
}

/** Text stays UTF-8 bytes: what is not valid UTF-8 is found by the reader of records, not papered over here. */
const parsers: Partial<ParquetParsers> = { stringFromBytes: (bytes) => bytes };

/** A Parquet file of documents, read by ranges of rows. Its footer is read once. */
export class ParquetFile {
  private constructor(
    private readonly path: string,
    private readonly metadata: FileMetaData,
    private readonly columnNames: readonly string[],
  ) {}

  /** @throws DataError if this is no Parquet file, or one without a column of text */
  static async open({ path, size }: Pick<DataFile, 'path' | 'size'>): Promise<ParquetFile> {
    const { parquetMetadataAsync, parquetSchema } = await import('hyparquet');
    const metadata = await readingParquet(path, size, (file) => parquetMetadataAsync(file, { parsers }));
    const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
    if (!columns.some(isTextField)) {
      throw new DataError(`the file has no column of text (its columns: ${columns.join(', ')})`, {
        file: path,
        field: TEXT_FIELDS[0],
        hint: `The text must be in a column named ${TEXT_FIELDS.join(' or ')}.`,
      });
    }
    return new ParquetFile(path, metadata, columns);
  }

  get rowGroups(): RowRange[] {
    let start = 0;
    return this.metadata.row_groups.map(({ num_rows, total_byte_size }) => {
      const group = { start, end: start + Number(num_rows), bytes: Number(total_byte_size) };
      start = group.end;
      return group;
    });
  }

  /** The text of some rows and the code fields asked for; all columns if `codeField` is `*`. */
  async rows(start: number, end: number, codeField: FieldPattern | null): Promise<Record<string, unknown>[]> {
    const [{ parquetReadObjects }, { compressors }] = await Promise.all([
      import('hyparquet'),
      import('hyparquet-compressors'),
    ]);
    const wanted = (name: string) => isTextField(name) || (codeField !== null && matchesField(codeField, name));
    return readingParquet(this.path, null, (file) =>
      parquetReadObjects({
        file,
        metadata: this.metadata,
        columns: this.columnNames.filter(wanted),
        rowStart: start,
        rowEnd: end,
        compressors,
        utf8: false,
        parsers,
      }),
    );
  }
}

function isTextField(name: string): boolean {
  return TEXT_FIELDS.some((field) => field === name);
}

/** Cuts a row group into parts of about `bytes`. Each costs decoding the columns up to its end. */
export function partsOf(rowGroup: RowRange, bytes: number): RowRange[] {
  const rows = rowGroup.end - rowGroup.start;
  const count = Math.min(rows, Math.max(1, Math.ceil(rowGroup.bytes / bytes)));
  const rowsOfPart = Math.ceil(rows / count);
  return Array.from({ length: Math.ceil(rows / rowsOfPart) }, (_, i) => {
    const start = rowGroup.start + i * rowsOfPart;
    return { start, end: Math.min(rowGroup.end, start + rowsOfPart), bytes: rowGroup.bytes / count };
  });
}

/** Opens the file for one reading, and turns what goes wrong into a DataError. */
async function readingParquet<T>(path: string, size: number | null, read: (file: AsyncBuffer) => Promise<T>) {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    return await read(asyncBuffer(handle, size ?? (await handle.stat()).size));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`the file is not readable as Parquet: ${reason}`, {
      file: path,
      hint: 'It may be truncated or damaged: fetch or make it again.',
      cause,
    });
  } finally {
    await handle?.close();
  }
}

function asyncBuffer(handle: FileHandle, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    slice: async (start, end = byteLength) => {
      const buffer = new ArrayBuffer(end - start);
      const bytes = new Uint8Array(buffer);
      for (let done = 0; done < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done);
        if (bytesRead === 0) throw new RangeError('unexpected end of file');
        done += bytesRead;
      }
      return buffer;
    },
  };
}
