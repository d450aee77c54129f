import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { DataError, PcError } from '../../support/errors.js';
import { partsOf, type RowRange } from '../parquet-file.js';
import type { HttpClient } from './http-client.js';
import { fetchRange, type RemoteFile } from './remote-file.js';

/** A column of the outermost level. */
export interface ParquetColumn {
  name: string;
  isText: boolean;
}

/** A row group, and the compressed bytes of the columns that are asked for. */
export interface RemoteRowGroup extends RowRange {
  compressed: number;
}

/** Bytes of rows that are decoded at once. */
const PART_BYTES = 16 * 2 ** 20;

/** A Parquet file of which only what is asked for is fetched: its footer, and some columns of some row groups. */
export class RemoteParquet {
  private constructor(
    private readonly http: HttpClient,
    private readonly file: RemoteFile,
    private readonly metadata: FileMetaData,
    readonly columns: readonly ParquetColumn[],
  ) {}

  /** @throws DownloadError if the server fails; DataError if this is no Parquet file */
  static async open(http: HttpClient, file: RemoteFile): Promise<RemoteParquet> {
    const { parquetMetadataAsync, parquetSchema } = await import('hyparquet');
    return readingParquet(file, async () => {
      const metadata = await parquetMetadataAsync(rangesOf(http, file), { initialFetchSize: FOOTER_BYTES });
      const columns = parquetSchema(metadata).children.map(({ element, children }) => ({
        name: element.name,
        isText: children.length === 0 && (element.converted_type === 'UTF8' || element.logical_type?.type === 'STRING'),
      }));
      return new RemoteParquet(http, file, metadata, columns);
    });
  }

  get rows(): number {
    return Number(this.metadata.num_rows);
  }

  rowGroups(columns: readonly string[]): RemoteRowGroup[] {
    let start = 0;
    return this.metadata.row_groups.map(({ num_rows, total_byte_size, columns: chunks }) => {
      const wanted = chunks.filter(({ meta_data }) => columns.includes(meta_data?.path_in_schema[0] ?? ''));
      const compressed = wanted.reduce((sum, { meta_data }) => sum + Number(meta_data?.total_compressed_size ?? 0), 0);
      const group = { start, end: start + Number(num_rows), bytes: Number(total_byte_size), compressed };
      start = group.end;
      return group;
    });
  }

  /**
   * Fetches some columns of a row group, to read some of its rows. Text is read as UTF-8 bytes, unchecked.
   *
   * @param wanted numbers of rows in the file, rising, at least one, all in the group
   */
  async fetch(group: RowRange, columns: readonly string[], wanted: Uint32Array): Promise<FetchedRows> {
    const rows = new FetchedRows(this.file, this.metadata, remembering(rangesOf(this.http, this.file)), columns, {
      parts: partsOf(group, PART_BYTES),
      wanted,
    });
    await rows.prefetch();
    return rows;
  }
}

/** A row group in memory, compressed. Its rows are decoded in parts, since they may be many times larger. */
export class FetchedRows {
  private decoded: { part: RowRange; rows: Record<string, unknown>[] } | null = null;

  constructor(
    private readonly file: RemoteFile,
    private readonly metadata: FileMetaData,
    private readonly buffer: AsyncBuffer,
    private readonly columns: readonly string[],
    private readonly selection: { parts: readonly RowRange[]; wanted: Uint32Array },
  ) {}

  /** Decodes what the first row is part of: that fetches all of the row group. */
  async prefetch(): Promise<void> {
    await this.partWith(this.selection.wanted[0]!);
  }

  /** The rows that are wanted, once, with their numbers in the file. */
  async *rows(): AsyncGenerator<{ row: Record<string, unknown>; number: number }> {
    for (const number of this.selection.wanted) {
      const { part, rows } = await this.partWith(number);
      yield { row: rows[number - part.start]!, number };
    }
  }

  private async partWith(number: number) {
    if (this.decoded !== null && number < this.decoded.part.end) return this.decoded;
    const part = this.selection.parts.find(({ end }) => number < end)!;
    this.decoded = { part, rows: await this.decode(part) };
    return this.decoded;
  }

  private async decode({ start, end }: RowRange): Promise<Record<string, unknown>[]> {
    const [{ parquetReadObjects }, { compressors }] = await Promise.all([
      import('hyparquet'),
      import('hyparquet-compressors'),
    ]);
    return readingParquet(this.file, () =>
      parquetReadObjects({
        file: this.buffer,
        metadata: this.metadata,
        columns: [...this.columns],
        rowStart: start,
        rowEnd: end,
        compressors,
        utf8: false,
        parsers: { stringFromBytes: (bytes) => bytes },
      }),
    );
  }
}

/** Fetched from a file's end for its footer; a longer footer costs a second request. */
const FOOTER_BYTES = 512 * 2 ** 10;

function rangesOf(http: HttpClient, file: RemoteFile): AsyncBuffer {
  return {
    byteLength: file.size,
    slice: (start, end = file.size) => fetchRange(http, file, start, Math.min(end, file.size)),
  };
}

/** Each range is fetched once: reading parts of a row group asks for the same ones again. */
function remembering(file: AsyncBuffer): AsyncBuffer {
  const ranges = new Map<string, Promise<ArrayBuffer>>();
  return {
    byteLength: file.byteLength,
    slice: async (start, end) => {
      const key = `${start}-${end}`;
      const known = ranges.get(key);
      if (known !== undefined) return known;
      const fetched = Promise.resolve(file.slice(start, end));
      ranges.set(key, fetched);
      return fetched;
    },
  };
}

async function readingParquet<T>(file: RemoteFile, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof PcError || (cause instanceof Error && cause.name === 'AbortError')) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`the file is not readable as Parquet: ${reason}`, {
      file: file.name,
      hint: 'It may be damaged on the server: choose another --revision.',
      cause,
    });
  }
}
