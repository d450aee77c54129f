import type { BlockOptions, BlockReader, RecordBlock, Unit } from './blocks.js';
import { type ParquetFile, partsOf, type RowRange } from './parquet-file.js';
import { readRecord } from './records.js';

/**
 * A row group is decoded whole for any of its rows, so blocks of Parquet files may be this much larger than asked for:
 * only larger row groups are read in parts.
 */
const BLOCKS_AT_ONCE = 16;

/** Reads the rows of one row group whose index ≡ stripe modulo stripes. Positions are rows of the file, from 0. */
export class ParquetBlockReader implements BlockReader {
  constructor(
    private readonly file: ParquetFile,
    private readonly rowGroup: RowRange,
    private readonly unit: Pick<Unit, 'stripe' | 'stripes'>,
    private readonly options: BlockOptions,
  ) {}

  async block(start: number | null): Promise<RecordBlock> {
    const { blockBytes, codeField } = this.options;
    const { stripe, stripes } = this.unit;
    const parts = partsOf(this.rowGroup, blockBytes * BLOCKS_AT_ONCE * stripes);
    const part = parts.findIndex(({ end }) => end > (start ?? 0));
    const { start: from, end: until } = parts[part]!;
    const rows = (await this.file.rows(from, until, codeField))
      .map((row, i) => ({ row, number: from + i }))
      .filter(({ number }) => number % stripes === stripe);
    return {
      count: rows.length,
      read: (index) => readRecord(rows[index]!.row, codeField),
      lineOf: async (index) => rows[index]!.number + 1,
      next: parts[part + 1]?.start ?? null,
    };
  }

  async close(): Promise<void> {}
}
