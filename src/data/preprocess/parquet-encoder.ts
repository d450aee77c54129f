import type { BasicType, ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { Column, ColumnKind, ColumnValues } from './columns.js';

const TYPES: Readonly<Record<ColumnKind, BasicType>> = {
  boolean: 'BOOLEAN',
  integer: 'INT64',
  number: 'DOUBLE',
  string: 'STRING',
  json: 'JSON',
};

/** The bytes of a Parquet file, one row group after the other, Snappy-compressed. */
export class ParquetEncoder {
  private constructor(
    private readonly columns: readonly Column[],
    private readonly bytes: ByteWriter,
    private readonly writer: ParquetWriter,
  ) {}

  static async create(columns: readonly Column[]): Promise<ParquetEncoder> {
    const { ByteWriter, ParquetWriter, schemaFromColumnData } = await import('hyparquet-writer');
    const writer = new ByteWriter();
    const columnData = columns.map(({ name, kind }) => ({ name, data: [], type: TYPES[kind] }));
    const schema = schemaFromColumnData({ columnData });
    const parquet = new ParquetWriter({ writer, schema, createdBy: 'proxy-compression' });
    return new ParquetEncoder(columns, writer, parquet);
  }

  /** The next bytes of the file: a row group of some rows, given by columns. */
  async rowGroup(values: readonly ColumnValues[]): Promise<Uint8Array> {
    const rows = values[0]?.length ?? 0;
    if (rows === 0) return this.take();
    await this.writer.write({
      columnData: this.columns.map(({ name, kind }, i) => ({
        name,
        data: kind === 'integer' ? values[i]!.map(asBigInt) : values[i]!,
        // Texts and codes are as good as never equal, and their extremes tell a reader nothing.
        encoding: 'PLAIN' as const,
        statistics: false,
      })),
      rowGroupSize: rows,
    });
    return this.take();
  }

  /** The last bytes of the file. */
  async footer(): Promise<Uint8Array> {
    await this.writer.finish();
    return this.take();
  }

  /** What was written since; the library would keep the whole file. */
  private take(): Uint8Array {
    const bytes = new Uint8Array(this.bytes.getBytes());
    this.bytes.index = 0;
    return bytes;
  }
}

/** 64-bit integers are given as BigInt. */
const asBigInt = (value: unknown): bigint | null => (typeof value === 'number' ? BigInt(value) : null);
