import { availableParallelism } from 'node:os';
import type { TextSample } from '../../neural-coding/counts-sample.js';
import { receiveError } from '../../support/transferred-error.js';
import { workerEntry } from '../../support/worker-entry.js';
import type { Unit } from '../blocks.js';
import type { BadRecordPolicy, PassedOver } from '../documents.js';
import { partitionSource } from '../partition.js';
import { PieceList } from './pieces.js';
import { BLOCK_BYTES, type Pieces, type SampleOutcome, type SampleTask, type UnitSample } from './sample-protocol.js';

/** What the share of kept pieces is multiplied with where they exceed the memory. */
const STEP = 7 / 8;
/** Units that are asked for ahead of each thread. */
const UNITS_IN_HAND = 2;

export interface SampleOptions {
  /** Datasets: folders or files. */
  paths: readonly string[];
  onBadRecord: BadRecordPolicy;
  seed: number;
  /** Most bytes of text to keep. */
  mostBytes: number;
  /** Share of the documents to hold out. */
  heldOut: number;
  workers?: number | undefined;
  signal?: AbortSignal | undefined;
  progress?(bytes: number): void;
}

export interface CorpusSample {
  sample: TextSample;
  heldOut: Uint8Array[];
  documents: number;
  textBytes: number;
  passedOver: PassedOver;
}

/**
 * Reads datasets once and keeps a sample of their text that fits in memory: all of it if it does, otherwise pieces of
 * documents by their content. What is kept depends neither on the number of threads nor on which of them is quicker.
 *
 * @throws DataError for missing or damaged data and for bad records, unless they are skipped; the signal's reason
 */
export async function sampleCorpus(options: SampleOptions): Promise<CorpusSample> {
  const { paths, onBadRecord, seed, heldOut, signal, progress, workers = availableParallelism() } = options;
  const units = await unitsOf(paths);
  const kept = new KeptPieces(options.mostBytes, units.length);
  const read: UnitSample[] = [];
  const { Piscina } = await import('piscina');
  const threads = Math.max(1, Math.min(workers, units.length));
  const pool = new Piscina({
    filename: workerEntry(import.meta.url, './sample-worker.js').href,
    minThreads: threads,
    maxThreads: threads,
    workerData: { paths, onBadRecord, seed, heldOut },
  });
  try {
    let [next, bytes] = [0, 0];
    const work = async (): Promise<void> => {
      for (let index = next++; index < units.length; index = next++) {
        const task: SampleTask = { ...units[index]!, share: kept.share };
        const outcome = (await pool.run(task, signal === undefined ? {} : { signal })) as SampleOutcome;
        if ('error' in outcome) throw receiveError(outcome.error);
        const { pieces, ...rest } = outcome.value;
        kept.add(index, pieces);
        read[index] = { ...rest, pieces: NO_PIECES };
        bytes += rest.textBytes;
        progress?.(bytes);
      }
    };
    await Promise.all(Array.from({ length: threads * UNITS_IN_HAND }, work));
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await pool.destroy();
  }
  const sum = (value: (unit: UnitSample) => number): number => read.reduce((total, unit) => total + value(unit), 0);
  return {
    sample: kept.take(),
    heldOut: read.flatMap((unit) => unit.heldOut),
    documents: sum((unit) => unit.documents),
    textBytes: sum((unit) => unit.textBytes),
    passedOver: { bad: sum((unit) => unit.passedOver.bad), empty: sum((unit) => unit.passedOver.empty) },
  };
}

async function unitsOf(paths: readonly string[]): Promise<{ path: number; unit: Unit }[]> {
  const partitions = await Promise.all(
    paths.map((path) => partitionSource(path, { rows: 1, blockBytes: BLOCK_BYTES })),
  );
  return partitions.flatMap(({ units }, path) => units.map((unit) => ({ path, unit })));
}

const NO_PIECES: Pieces = { bytes: new Uint8Array(), ends: new Uint32Array(), draws: new Float64Array() };

/**
 * The pieces with the lowest draws, as many as fit. The share goes down in fixed steps to the first one that fits, so that
 * it does not depend on the order in which pieces come.
 */
class KeptPieces {
  share: number;
  private total = 0;
  private readonly units: Pieces[];

  constructor(
    private readonly mostBytes: number,
    units: number,
  ) {
    this.share = mostBytes > 0 ? 1 : 0;
    this.units = new Array<Pieces>(units).fill(NO_PIECES);
  }

  add(unit: number, pieces: Pieces): void {
    const below = new PieceList();
    below.addBelow(pieces, this.share);
    this.units[unit] = below.take();
    this.total += this.units[unit].bytes.length;
    while (this.total > this.mostBytes) this.lower();
  }

  /** Pieces of each unit behind those of the one before. Empties this. */
  take(): TextSample {
    const bytes = new Uint8Array(this.total);
    const ends: number[] = [];
    let size = 0;
    for (const [unit, pieces] of this.units.entries()) {
      bytes.set(pieces.bytes, size);
      for (const end of pieces.ends) ends.push(size + end);
      size += pieces.bytes.length;
      this.units[unit] = NO_PIECES;
    }
    return { bytes, ends: Uint32Array.from(ends) };
  }

  private lower(): void {
    this.share *= STEP;
    this.total = 0;
    for (const [unit, pieces] of this.units.entries()) {
      const below = new PieceList();
      below.addBelow(pieces, this.share);
      this.units[unit] = below.take();
      this.total += this.units[unit].bytes.length;
    }
  }
}
