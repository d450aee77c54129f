import { basename, join } from 'node:path';
import { DataError } from '../../support/errors.js';
import { type DataFile, listDataFiles } from '../data-files.js';
import { type RecordsBlock, recordBlocks } from './blocks.js';
import { columnsOf, mergeFieldKinds } from './columns.js';
import type { CodeField, FinishedShard } from './manifest.js';
import type { PreprocessOptions } from './options.js';
import { filesOfPart, shardName } from './plan.js';
import type { PreprocessProgressSum } from './progress.js';
import { ShardFile } from './shard-file.js';
import { verifyShard } from './verify.js';
import type { WorkerPool } from './worker-pool.js';
import type { BlockShape, EncodedBlock } from './worker-protocol.js';
import type { Workplace } from './workplace.js';

/** By compressor: the text that this run encoded, and the time that threads took for it. */
export type EncodingTimes = Map<string, { bytes: number; milliseconds: number }>;

export interface ShardsReport {
  /** Shards that were written. */
  written: number;
}

/** A block on its way through the threads into a shard. */
interface Step {
  shard: ShardStart;
  /** Null for the only step of a file without records. */
  block: RecordsBlock | null;
  endsShard: boolean;
  endsFile: boolean;
}

/** What is known of a shard when it begins. */
interface ShardStart {
  name: string;
  input: string;
  piece: number;
  firstLine: number;
  shape: BlockShape;
}

/**
 * Writes the shards of this process's part that are not finished yet.
 *
 *     files → blocks → threads → shards, in order
 *
 * Blocks of the next shard are read, encoded and written while the one before is brought to the disk and verified, so that
 * the threads do not wait for the disk, and many small files keep them at work as well as a large one. Shards are recorded
 * in order, whatever happens.
 */
export async function writeShards(
  input: string,
  place: Workplace,
  pool: WorkerPool,
  times: EncodingTimes,
  progress: PreprocessProgressSum,
  options: PreprocessOptions,
): Promise<ShardsReport> {
  const { onBadRecord, signal } = options;
  let open: OpenShard | null = null;
  let written = 0;
  let finishing: Promise<void> = Promise.resolve();
  const finish = async (shard: OpenShard, { endsFile }: Step): Promise<void> => {
    const finished = await shard.finish(endsFile);
    const verified = options.verify;
    if (verified) await verifyShard(place, finished, pool, signal);
    await place.record({ ...finished, verified });
    written++;
  };
  const encode = ({ block, shard: { shape } }: Step): Promise<EncodedBlock | null> =>
    block === null ? Promise.resolve(null) : pool.encode({ block, shape, onBadRecord });
  try {
    const todo = steps(input, place, pool, progress, options);
    for await (const { item: step, result } of pool.inOrder(todo, ({ block }) => block, encode)) {
      signal?.throwIfAborted();
      open ??= await OpenShard.create(step.shard, place);
      if (step.block !== null && result !== null) {
        await open.write(step.block, result, times);
        pool.takeBack(result);
        progress.add(step.block.bytes);
      }
      if (!step.endsShard) continue;
      await finishing;
      finishing = finish(open, step);
      // Looked at when the next shard ends.
      finishing.catch(() => {});
      open = null;
    }
    await finishing;
  } finally {
    await Promise.allSettled([finishing]);
    await open?.abandon();
  }
  return { written };
}

/** Everything that is left to do, in order. */
async function* steps(
  input: string,
  place: Workplace,
  pool: WorkerPool,
  progress: PreprocessProgressSum,
  options: PreprocessOptions,
): AsyncGenerator<Step> {
  const { plan } = place;
  const mine = new Map(filesOfPart(plan.input, options.part).map((file) => [file.name, file]));
  for (const file of await listDataFiles(input)) {
    const described = mine.get(basename(file.path));
    if (described === undefined) continue;
    if (described.bytes !== file.size) throw changed(file);
    if (place.isDone(described.name)) {
      progress.add(file.size);
      continue;
    }
    const shape = await shapeOf(file, plan.codes, pool, options);
    yield* stepsOfFile(file, shape, place, pool, progress, options);
  }
}

/** The blocks of one file from where its finished shards end, and where the next shards begin. */
async function* stepsOfFile(
  file: DataFile,
  shape: BlockShape,
  place: Workplace,
  pool: WorkerPool,
  progress: PreprocessProgressSum,
  { format, shardBytes }: PreprocessOptions,
): AsyncGenerator<Step> {
  const input = basename(file.path);
  const done = place.shardsOf(input);
  const begin = (piece: number, firstLine: number): ShardStart => {
    return { name: shardName(input, piece, format), input, piece, firstLine, shape };
  };
  let shard = begin(
    done.length + 1,
    done.reduce((sum, { lines }) => sum + lines, 0),
  );
  let bytes = 0;
  // A block is handed on once it is known whether another one follows.
  let waiting: RecordsBlock | null = null;
  for await (const block of recordBlocks(file, pool.memory)) {
    if (block.first < shard.firstLine) {
      progress.add(block.bytes);
      continue;
    }
    if (waiting !== null) {
      bytes += waiting.bytes;
      const endsShard = bytes >= shardBytes;
      yield { shard, block: waiting, endsShard, endsFile: false };
      if (endsShard) {
        shard = begin(shard.piece + 1, block.first);
        bytes = 0;
      }
    }
    waiting = block;
  }
  yield { shard, block: waiting, endsShard: true, endsFile: true };
}

/** Parquet has columns, which are known once all records have been looked at. */
async function shapeOf(
  file: DataFile,
  codes: readonly CodeField[],
  pool: WorkerPool,
  { format, onBadRecord, signal }: PreprocessOptions,
): Promise<BlockShape> {
  if (format !== 'parquet') return { kind: format };
  const parts = [];
  const looked = pool.inOrder(
    recordBlocks(file),
    (block) => block,
    (block) => pool.fields({ block, onBadRecord }),
  );
  for await (const { result } of looked) {
    signal?.throwIfAborted();
    parts.push(result);
  }
  const added = codes.flatMap(({ field, sideField }) => [field, ...(sideField === undefined ? [] : [sideField])]);
  return { kind: 'parquet', columns: columnsOf(mergeFieldKinds(parts), added) };
}

/** A shard that is being written, and what is counted meanwhile. */
class OpenShard {
  private readonly counts: Pick<FinishedShard, 'lines' | 'documents' | 'empty' | 'skipped' | 'textBytes'> = {
    lines: 0,
    documents: 0,
    empty: 0,
    skipped: 0,
    textBytes: 0,
  };
  private readonly symbols: Record<string, number>;

  private constructor(
    private readonly start: ShardStart,
    private readonly file: ShardFile,
    private readonly codes: readonly CodeField[],
  ) {
    this.symbols = Object.fromEntries(codes.map(({ compressor }) => [compressor, 0]));
  }

  static async create(start: ShardStart, { output, plan }: Workplace): Promise<OpenShard> {
    return new OpenShard(start, await ShardFile.create(join(output, start.name), start.shape), plan.codes);
  }

  async write(block: RecordsBlock, { output, counts }: EncodedBlock, times: EncodingTimes): Promise<void> {
    this.counts.lines += block.count;
    this.counts.documents += counts.documents;
    this.counts.empty += counts.empty;
    this.counts.skipped += counts.skipped;
    this.counts.textBytes += counts.textBytes;
    for (const [i, { compressor }] of this.codes.entries()) {
      this.symbols[compressor]! += counts.symbols[i]!;
      const time = times.get(compressor)!;
      time.bytes += counts.textBytes;
      time.milliseconds += counts.milliseconds[i]!;
    }
    await this.file.write(output);
  }

  /** Leaves nothing where it fails. */
  async finish(last: boolean): Promise<FinishedShard> {
    const { name, input, piece, firstLine } = this.start;
    const written = await this.file.finish().catch(async (error: unknown) => {
      await this.abandon();
      throw error;
    });
    return { name, input, piece, last, firstLine, ...this.counts, ...written, symbols: this.symbols, verified: false };
  }

  abandon(): Promise<void> {
    return this.file.abandon();
  }
}

function changed(file: DataFile): DataError {
  return new DataError('the file changed while the dataset was preprocessed', {
    file: file.path,
    hint: 'Restore it, or make the dataset again with --force.',
  });
}
