import { workerData } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { transferError } from '../../support/transferred-error.js';
import { documentOf } from '../documents.js';
import { type Partition, partitionSource } from '../partition.js';
import { drawsOf } from '../tokenizer-training/selection.js';
import { PieceList } from './pieces.js';
import {
  BLOCK_BYTES,
  type SampleOutcome,
  type SampleTask,
  type SampleThreadData,
  type UnitSample,
} from './sample-protocol.js';

/** Runs in each thread that reads: chooses pieces of the documents of one unit. */

const { paths, onBadRecord, seed, heldOut } = workerData as SampleThreadData;
const partitions = new Map<number, Promise<Partition>>();

export default async function sampleUnit(task: SampleTask): Promise<unknown> {
  try {
    const value = await read(task);
    const { bytes, ends, draws } = value.pieces;
    const outcome: SampleOutcome = { value };
    return move({ [transferableSymbol]: [bytes.buffer, ends.buffer, draws.buffer], [valueSymbol]: outcome });
  } catch (error) {
    return { error: transferError(error) } satisfies SampleOutcome;
  }
}

async function read({ path, unit, share }: SampleTask): Promise<UnitSample> {
  const partition = await partitionOf(path);
  const file = partition.files[unit.file]!;
  const sample = { documents: 0, textBytes: 0, passedOver: { bad: 0, empty: 0 }, heldOut: [] as Uint8Array[] };
  const pieces = new PieceList();
  const reader = partition.open(unit, { blockBytes: BLOCK_BYTES, codeField: null });
  try {
    for (let next: number | null | undefined; next !== null; ) {
      const block = await reader.block(next ?? null);
      for (let i = 0; i < block.count; i++) {
        const document = await documentOf(file, block, i, onBadRecord, sample.passedOver);
        if (document === null) continue;
        const { bytes } = document;
        sample.documents++;
        sample.textBytes += bytes.length;
        if (heldOut > 0 && drawsOf(bytes, seed).heldOut < heldOut) sample.heldOut.push(bytes.slice());
        else pieces.addPiecesOf(bytes, { seed, share });
      }
      next = block.next;
    }
  } finally {
    await reader.close();
  }
  return { ...sample, pieces: pieces.take() };
}

function partitionOf(path: number): Promise<Partition> {
  let partition = partitions.get(path);
  if (partition === undefined) {
    // Cut for one reader, so that the units do not depend on the number of threads.
    partition = partitionSource(paths[path]!, { rows: 1, blockBytes: BLOCK_BYTES });
    partitions.set(path, partition);
  }
  return partition;
}
