import { createHash } from 'node:crypto';
import { DataError, type ErrorLocation } from '../support/errors.js';
import { Random } from '../support/random/index.js';
import type { BlockOptions, BlockReader, RecordBlock } from './blocks.js';
import { type BadRecordPolicy, documentOf, type PassedOver } from './documents.js';
import { type Partition, partitionSource } from './partition.js';
import type { DataDocument } from './records.js';

/** Where a row stands in a source: what it reads next. Plain JSON. */
export interface Cursor {
  epoch: number;
  /** Which of the units dealt to the row in this epoch. */
  unit: number;
  /** Where the block begins within the unit; null: at the unit's first record. */
  block: number | null;
  /** Position in the block's shuffled order. */
  index: number;
}

/** A document with its place among all. */
export interface TakenDocument {
  document: DataDocument;
  at: Readonly<Cursor>;
  /** Its file and line, for messages: counting lines reads the file. */
  locate(): Promise<ErrorLocation>;
}

const FIRST: Readonly<Cursor> = { epoch: 0, unit: 0, block: null, index: 0 };

export interface SourceOptions extends BlockOptions {
  /** Seed of the run; what is shuffled also depends on the source's name and on where it is, on nothing else. */
  seed: number;
  shuffle: boolean;
  onBadRecord: BadRecordPolicy;
}

/**
 * Epochs in which a row may find nothing, for each row of the global batch, before it gives up. Unshuffled it gets every
 * unit once in as many epochs as there are rows. Shuffled it gets a unit with probability 1/rows an epoch, so that it
 * misses one that has a document this often with probability (1 − 1/rows)^(64 rows) < e⁻⁶⁴: never.
 */
const SHUFFLED_ATTEMPTS = 64;

/**
 * A source that the rows of the global batch share. In every epoch its units are permuted and dealt out like cards:
 * unit j of the permutation goes to row j mod `rows`. Unshuffled, the first card goes to another row in every epoch, so
 * that a row does not get the same units for ever. A row that has finished its share goes on to the next epoch.
 */
export class DataSource {
  /** Permutations in use; rows are at most a few epochs apart. */
  private readonly orders = new Map<number, Uint32Array>();
  private readonly nameSeed: number;

  private constructor(
    readonly name: string,
    readonly path: string,
    readonly partition: Partition,
    private readonly rows: number,
    readonly options: SourceOptions,
  ) {
    this.nameSeed = createHash('sha256').update(name).digest().readUInt32LE(0);
  }

  /**
   * @param path folder or file
   * @param rows rows of the global batch
   * @throws DataError if there is not one document
   */
  static async open(name: string, path: string, rows: number, options: SourceOptions): Promise<DataSource> {
    const partition = await partitionSource(path, { rows, blockBytes: options.blockBytes });
    const source = new DataSource(name, path, partition, rows, options);
    if (!(await source.hasDocument())) {
      throw new DataError(`the source "${name}" has no documents`, {
        file: path,
        hint: 'Its files are empty or hold only empty documents.',
      });
    }
    return source;
  }

  /** The reader of one row, in its initial place. */
  stream(row: number): DocumentStream {
    return new DocumentStream(this, row);
  }

  /** The units of a row in an epoch, in the order in which it reads them: indices into the partition's units. */
  dealt(row: number, epoch: number): number[] {
    const order = this.order(epoch);
    const turn = this.options.shuffle ? 0 : epoch % this.rows;
    const units: number[] = [];
    for (let j = (row + this.rows - turn) % this.rows; j < order.length; j += this.rows) units.push(order[j]!);
    return units;
  }

  /** Whole epochs without a document after which a row knows that the source has none left. */
  get mostEmptyEpochs(): number {
    return this.options.shuffle ? SHUFFLED_ATTEMPTS * this.rows : this.rows;
  }

  /** The order in which the records of a block are read: a permutation of 0 … count − 1. */
  blockOrder(epoch: number, unit: number, block: number | null, count: number): Uint32Array {
    // A block that begins at its unit's first record is told from one that begins at position 0.
    return this.permutation(count, 1, epoch, unit, block === null ? 0 : block + 1);
  }

  private order(epoch: number): Uint32Array {
    let order = this.orders.get(epoch);
    if (order === undefined) {
      order = this.permutation(this.partition.units.length, 0, epoch);
      for (const old of this.orders.keys()) if (old < epoch - 1) this.orders.delete(old);
      this.orders.set(epoch, order);
    }
    return order;
  }

  private permutation(length: number, ...entropy: number[]): Uint32Array {
    const order = Uint32Array.from({ length }, (_, i) => i);
    if (this.options.shuffle) Random.fromSeed(this.options.seed, this.nameSeed, ...entropy).shuffle(order);
    return order;
  }

  /** Found out at once, where a row would go through many epochs first. */
  private async hasDocument(): Promise<boolean> {
    const { partition, options } = this;
    const passedOver: PassedOver = { bad: 0, empty: 0 };
    for (const unit of partition.units) {
      const reader = partition.open(unit, options);
      try {
        for (let start: number | null | undefined; start !== null; ) {
          const block = await reader.block(start ?? null);
          for (let i = 0; i < block.count; i++) {
            const file = partition.files[unit.file]!;
            if ((await documentOf(file, block, i, options.onBadRecord, passedOver)) !== null) return true;
          }
          start = block.next;
        }
      } finally {
        await reader.close();
      }
    }
    return false;
  }
}

/** The documents of one source that one row reads, for ever: epoch after epoch, in blocks that are shuffled in memory. */
export class DocumentStream {
  /** What `take` reads next. Never changed in place, so that it can be kept. */
  private position: Readonly<Cursor> = FIRST;
  private reader: BlockReader | null = null;
  private block: { records: RecordBlock; order: Uint32Array } | null = null;
  private dealt: { epoch: number; units: number[] } = { epoch: -1, units: [] };

  constructor(
    private readonly source: DataSource,
    private readonly row: number,
  ) {}

  get cursor(): Readonly<Cursor> {
    return this.position;
  }

  async seek(cursor: Readonly<Cursor>): Promise<void> {
    await this.close();
    this.position = cursor;
  }

  /**
   * The next document.
   *
   * @param passedOver counts the records that came before it and are no documents
   * @throws DataError for damaged files, for bad records unless they are skipped, and if no document is left
   */
  async take(passedOver: PassedOver): Promise<TakenDocument> {
    // The first of these epochs may be the rest of one that had documents.
    for (let epochsLeft = this.source.mostEmptyEpochs + 1; epochsLeft > 0; ) {
      const { epoch, unit, index } = this.position;
      if (this.dealt.epoch !== epoch) this.dealt = { epoch, units: this.source.dealt(this.row, epoch) };
      if (unit >= this.dealt.units.length) {
        this.position = { epoch: epoch + 1, unit: 0, block: null, index: 0 };
        epochsLeft--;
        continue;
      }
      const { file, records, order } = await this.currentBlock(this.dealt.units[unit]!);
      if (index >= records.count) {
        await this.leaveBlock(records.next);
        continue;
      }
      const at = this.position;
      this.position = { ...at, index: index + 1 };
      const { onBadRecord } = this.source.options;
      const document = await documentOf(file, records, order[index]!, onBadRecord, passedOver);
      if (document !== null) {
        const locate = async () => ({ file: file.path, line: await records.lineOf(order[index]!) });
        return { document, at, locate };
      }
    }
    throw new DataError(`the source "${this.source.name}" has no documents any more`, {
      file: this.source.path,
      hint: 'Its files were changed while they were read: restore them and resume.',
    });
  }

  async close(): Promise<void> {
    await this.reader?.close();
    this.reader = null;
    this.block = null;
  }

  private async currentBlock(unitIndex: number) {
    const { partition, options } = this.source;
    const unit = partition.units[unitIndex]!;
    this.reader ??= partition.open(unit, options);
    if (this.block === null) {
      const { epoch, block: start } = this.position;
      const records = await this.reader.block(start);
      this.block = { records, order: this.source.blockOrder(epoch, unitIndex, start, records.count) };
    }
    return { file: partition.files[unit.file]!, ...this.block };
  }

  private async leaveBlock(next: number | null): Promise<void> {
    const { epoch, unit } = this.position;
    this.block = null;
    if (next !== null) {
      this.position = { epoch, unit, block: next, index: 0 };
      return;
    }
    await this.close();
    this.position = { epoch, unit: unit + 1, block: null, index: 0 };
  }
}
