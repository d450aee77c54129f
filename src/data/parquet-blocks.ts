import type { BlockOptions, BlockReader, RecordBlock, Unit } from './blocks.js';
import type { ParquetFile, RowGroupRange } from './parquet-file.js';
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
    private readonly rowGroup: RowGroupRange,
    private readonly unit: Pick<Unit, 'stripe' | 'stripes'>,
    private readonly options: BlockOptions,
  ) {}

  async block(start: number | null): Promise<RecordBlock> {
    const { blockBytes, codeField } = this.options;
    const { stripe, stripes } = this.unit;
    const from = start ?? this.rowGroup.start;
    const parts = Math.ceil(this.rowGroup.bytes / (blockBytes * BLOCKS_AT_ONCE * stripes));
    const rowsAtOnce = Math.max(1, Math.ceil((this.rowGroup.end - this.rowGroup.start) / Math.max(1, parts)));
    const until = Math.min(this.rowGroup.end, from + rowsAtOnce);
    const rows = (await this.file.rows(from, until, codeField))
      .map((row, i) => ({ row, number: from + i }))
      .filter(({ number }) => number % stripes === stripe);
    return {
      count: rows.length,
      read: (index) => readRecord(rows[index]!.row, codeField),
      lineOf: async (index) => rows[index]!.number + 1,
      next: until < this.rowGroup.end ? until : null,
    };
  }

  async close(): Promise<void> {}
}
