import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { BlockOptions, BlockReader, Unit } from './blocks.js';
import { CompressedBlockReader } from './compressed-blocks.js';
import { sampleContents } from './content-sample.js';
import { type DataFile, listDataFiles } from './data-files.js';
import { JsonlBlockReader } from './jsonl-blocks.js';
import { ParquetBlockReader } from './parquet-blocks.js';
import { ParquetFile, type RowRange } from './parquet-file.js';

/** Units of plain JSONL that a row gets in one epoch, so that rows share the data evenly… */
const UNITS_PER_ROW = 8;
/** …unless the data is so large that units of this many blocks give more of them. */
const BLOCKS_PER_UNIT = 8;

/** The files of a source, cut into units that rows can read independently of each other. */
export interface Partition {
  files: DataFile[];
  units: Unit[];
  /** Of the files' names, sizes and samples of their content, and of how they are cut: a saved position is meaningless in another partition. */
  fingerprint: string;
  open(unit: Unit, options: BlockOptions): BlockReader;
}

export interface PartitionOptions {
  /** Readers that will share the units: rows of the global batch, whatever the number of processes. */
  rows: number;
  blockBytes: number;
}

/**
 * Cuts the data at `path` into units. Plain JSONL is cut into ranges of bytes; a record belongs to the range in which
 * its line begins. Row groups of Parquet files and compressed files cannot be cut, so where there are fewer units than
 * rows, each of them is shared by several rows that take every so-manieth record.
 *
 * @throws DataError if there are no data files, or one is damaged
 */
export async function partitionSource(path: string, { rows, blockBytes }: PartitionOptions): Promise<Partition> {
  const files = await listDataFiles(path);
  const parquet = new Map<number, ParquetFile>();
  for (const [index, file] of files.entries()) {
    if (file.format === 'parquet') parquet.set(index, await ParquetFile.open(file));
  }
  const plainBytes = files.reduce((sum, { format, size }) => sum + (format === 'jsonl' ? size : 0), 0);
  const rangeBytes = Math.max(
    1,
    Math.min(BLOCKS_PER_UNIT * blockBytes, Math.ceil(plainBytes / (UNITS_PER_ROW * rows))),
  );
  const whole = files.flatMap((file, index) =>
    wholeUnits(file, index, parquet.get(index)?.rowGroups ?? [], rangeBytes),
  );
  const stripes = Math.max(1, Math.ceil(rows / Math.max(1, whole.length)));
  const units = whole.flatMap((unit) => {
    if (files[unit.file]!.format === 'jsonl') return [unit];
    return Array.from({ length: stripes }, (_, stripe) => ({ ...unit, stripe, stripes }));
  });
  return {
    files,
    units,
    fingerprint: await fingerprintOf(files, { rows, blockBytes }),
    open(unit, options) {
      const file = files[unit.file]!;
      switch (file.format) {
        case 'jsonl':
          return new JsonlBlockReader(file, unit, options);
        case 'gzip':
        case 'zstd':
          return new CompressedBlockReader({ ...file, format: file.format }, unit, options);
        case 'parquet': {
          const opened = parquet.get(unit.file)!;
          const rowGroup = opened.rowGroups.find(({ start, end }) => start === unit.start && end === unit.end)!;
          return new ParquetBlockReader(opened, rowGroup, unit, options);
        }
      }
    },
  };
}

function wholeUnits(file: DataFile, index: number, rowGroups: RowRange[], rangeBytes: number): Unit[] {
  const whole = { file: index, stripe: 0, stripes: 1 };
  switch (file.format) {
    case 'jsonl':
      return Array.from({ length: Math.ceil(file.size / rangeBytes) }, (_, i) => ({
        ...whole,
        start: i * rangeBytes,
        end: Math.min(file.size, (i + 1) * rangeBytes),
      }));
    case 'parquet':
      return rowGroups.filter(({ start, end }) => end > start).map(({ start, end }) => ({ ...whole, start, end }));
    case 'gzip':
    case 'zstd':
      return [{ ...whole, start: 0, end: 0 }];
  }
}

async function fingerprintOf(files: DataFile[], options: PartitionOptions): Promise<string> {
  const samples = await sampleContents(files);
  const described = files.map(({ path, size }, index) => [basename(path), size, samples[index]]);
  return createHash('sha256')
    .update(JSON.stringify([described, options]))
    .digest('hex')
    .slice(0, 16);
}
