import type { BlockOptions, BlockReader, RecordBlock, Unit } from './blocks.js';
import type { DataFile } from './data-files.js';
import { decompressed } from './decompression.js';
import { cutLongLines, isBlank, splitLines, withoutByteOrderMark } from './lines.js';
import { parseLine } from './records.js';

/**
 * Reads the records of a compressed JSONL file whose line number ≡ stripe modulo stripes. Positions are line numbers
 * from 0; going on from one that is not the reader's own re-reads what comes before it.
 */
export class CompressedBlockReader implements BlockReader {
  private lines: AsyncGenerator<Uint8Array> | null = null;
  /** Number of the line that `lines` yields next. */
  private position = 0;

  constructor(
    private readonly file: DataFile & { format: 'gzip' | 'zstd' },
    private readonly unit: Pick<Unit, 'stripe' | 'stripes'>,
    private readonly options: BlockOptions,
  ) {}

  async block(start: number | null): Promise<RecordBlock> {
    const from = start ?? 0;
    const lines = await this.linesFrom(from);
    const kept: KeptLine[] = [];
    let bytes = 0;
    while (bytes < this.options.blockBytes) {
      const { value: line, done } = await lines.next();
      if (done) return this.blockOf(kept, null);
      const number = this.position++;
      if (number % this.unit.stripes !== this.unit.stripe || isBlank(line)) continue;
      kept.push({ number, bytes: new Uint8Array(number === 0 ? withoutByteOrderMark(line) : line) });
      bytes += line.length;
    }
    return this.blockOf(kept, this.position);
  }

  async close(): Promise<void> {
    await this.lines?.return(undefined);
    this.lines = null;
  }

  private blockOf(kept: KeptLine[], next: number | null): RecordBlock {
    const { codeField } = this.options;
    return {
      count: kept.length,
      read: (index) => parseLine(kept[index]!.bytes, codeField),
      lineOf: async (index) => kept[index]!.number + 1,
      next,
    };
  }

  private async linesFrom(from: number): Promise<AsyncGenerator<Uint8Array>> {
    if (this.lines === null || this.position > from) {
      await this.close();
      this.lines = splitLines(cutLongLines(decompressed(this.file)));
      this.position = 0;
    }
    while (this.position < from && !(await this.lines.next()).done) this.position++;
    return this.lines;
  }
}

interface KeptLine {
  number: number;
  bytes: Uint8Array;
}
