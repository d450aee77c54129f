import { randomUUID } from 'node:crypto';
import { BroadcastChannel } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import type { CompressorDescriptor } from '../../plugins/compressor-instance.js';
import { PluginError } from '../../support/errors.js';
import { receiveError } from '../../support/transferred-error.js';
import { workerEntry } from '../../support/worker-entry.js';
import { memoryOf, type RecordsBlock } from './blocks.js';
import type { FieldKinds } from './columns.js';
import type { VerifiedCounts } from './verify-block.js';
import type {
  CompressorIdentity,
  EncodedBlock,
  EncodeTask,
  FieldsTask,
  Outcome,
  VerifyTask,
  WorkerData,
  WorkerSignal,
} from './worker-protocol.js';

/** How long threads may take to dispose of their compressors, in milliseconds. */
const PATIENCE = 10_000;
/**
 * Bytes of records for each thread that are read, encoded or waiting to be written: enough that no thread waits for the
 * next block while a file is finished.
 */
const BYTES_PER_WORKER = 4 * 2 ** 20;

/** Bytes of memory that is kept to be used again: what a few blocks of common size need. */
const LARGEST_SPARE = 16 * 2 ** 20;

/** Threads that encode and decode blocks of records, each with compressors of its own. */
export class WorkerPool {
  private readonly signals: BroadcastChannel;
  /** Threads that have compressors to dispose of. */
  private started = 0;
  private ended: (() => void) | null = null;
  private failure: Error | null = null;
  private readonly spare: ArrayBuffer[] = [];
  private readonly read: ArrayBuffer[] = [];

  private constructor(
    private readonly pool: Piscina,
    /** Names. */
    private readonly compressors: readonly string[],
    channel: string,
    log: (message: string) => void,
  ) {
    this.signals = new BroadcastChannel(channel);
    this.signals.onmessage = (event) => {
      const signal = (event as { data: WorkerSignal }).data;
      if (signal.kind === 'log') log(signal.message);
      else if (signal.kind === 'started') this.started++;
      else if (signal.kind === 'ended') {
        this.started--;
        if (signal.error !== null) this.failure ??= receiveError(signal.error);
        if (this.started === 0) this.ended?.();
      }
    };
  }

  static async open(
    workers: number,
    compressors: readonly CompressorDescriptor[],
    log: (message: string) => void = () => {},
  ): Promise<WorkerPool> {
    const { Piscina } = await import('piscina');
    const channel = `pc-preprocess-${randomUUID()}`;
    const workerData: WorkerData = { compressors, channel };
    const pool = new Piscina({
      filename: workerEntry(import.meta.url, './block-worker.js').href,
      minThreads: workers,
      maxThreads: workers,
      // A thread that waits for its next task by Atomics hears no signal, and no timer of a compressor.
      atomics: 'disabled',
      workerData,
    });
    return new WorkerPool(
      pool,
      compressors.map(({ name }) => name),
      channel,
      log,
    );
  }

  /** What the compressors write, in their order. @throws PluginError, ConfigError: what making them throws */
  identify(): Promise<CompressorIdentity[]> {
    return this.run('identify', null, []);
  }

  /** Takes over the memory of the block, as all tasks do. */
  encode(task: Omit<EncodeTask, 'spare'>): Promise<EncodedBlock> {
    const spare = this.spare.pop();
    if (spare === undefined) return this.run('encode', task, memoryOf(task.block));
    return this.run('encode', { ...task, spare } satisfies EncodeTask, [...memoryOf(task.block), spare]);
  }

  /**
   * Takes what `encode` gave, once it is written, to be written into again. Otherwise the collector of each thread lets
   * some 64 MB of such memory lie before it looks.
   */
  takeBack({ output, read }: EncodedBlock): void {
    if (output.kind === 'bytes' && output.bytes.buffer.byteLength <= LARGEST_SPARE)
      this.spare.push(output.bytes.buffer);
    if (read !== null && read.byteLength <= LARGEST_SPARE) this.read.push(read);
  }

  /** Memory to read a block into: some that came back, if it suffices. */
  readonly memory = (bytes: number): ArrayBuffer => {
    const spare = this.read.pop();
    return spare !== undefined && spare.byteLength >= bytes ? spare : new ArrayBuffer(bytes);
  };

  fields(task: FieldsTask): Promise<FieldKinds> {
    return this.run('fields', task, memoryOf(task.block));
  }

  verify(task: VerifyTask): Promise<VerifiedCounts> {
    return this.run('verify', task, memoryOf(task.block));
  }

  /**
   * Works on items in all threads and hands the results out in the order of the items. No more items are asked for than
   * the threads need, so that memory stays the same however many there are: a certain number of bytes, or one block for
   * each thread where blocks are large. Ends when all work that was begun has ended.
   */
  async *inOrder<Item, Result>(
    items: AsyncIterable<Item>,
    blockOf: (item: Item) => Pick<RecordsBlock, 'bytes'> | null,
    work: (item: Item) => Promise<Result>,
  ): AsyncGenerator<{ item: Item; result: Result }> {
    const { maxThreads } = this.pool;
    const running: { bytes: number; worked: Promise<{ item: Item; result: Result }> }[] = [];
    let bytes = 0;
    const oldest = () => {
      const { bytes: ofItem, worked } = running.shift()!;
      bytes -= ofItem;
      return worked;
    };
    try {
      for await (const item of items) {
        const worked = work(item).then((result) => ({ item, result }));
        // Whoever awaits it gets the failure; until then it is not unhandled.
        worked.catch(() => {});
        const ofItem = blockOf(item)?.bytes ?? 0;
        running.push({ bytes: ofItem, worked });
        bytes += ofItem;
        while (bytes >= maxThreads * BYTES_PER_WORKER && running.length > maxThreads) yield await oldest();
      }
      while (running.length > 0) yield await oldest();
    } finally {
      await Promise.allSettled(running.map(({ worked }) => worked));
    }
  }

  /** Disposes of all compressors and ends the threads. @throws the failure of a compressor that could not be disposed of */
  async close(): Promise<void> {
    if (this.started > 0) {
      const all = new Promise<void>((resolve) => {
        this.ended = resolve;
      });
      this.signals.postMessage({ kind: 'end' } satisfies WorkerSignal);
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, PATIENCE);
      });
      await Promise.race([all, patience]);
      clearTimeout(timer);
    }
    this.signals.close();
    await this.pool.destroy();
    if (this.failure !== null) throw this.failure;
  }

  private async run<Value>(name: string, task: unknown, memory: ArrayBuffer[]): Promise<Value> {
    const outcome = await this.pool.run(task, { name, transferList: memory }).then(
      (result) => result as Outcome<Value>,
      (error: unknown) => this.died(error),
    );
    if ('error' in outcome) throw receiveError(outcome.error);
    return outcome.value;
  }

  /** What a task throws comes as an outcome: only the end of its thread comes as a failure of the pool. */
  private died(cause: unknown): never {
    // It will not say that it ended.
    this.started--;
    const compressors = this.compressors.map((name) => `"${name}"`).join(', ');
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PluginError(`a thread that works with ${compressors} ended: ${reason}`, {
      hint:
        cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? 'A compressor needs more memory than a thread has: raise that by NODE_OPTIONS=--max-old-space-size=MEGABYTES.'
          : 'A compressor may have ended it: preprocess with one after the other, and report this to its author.',
      cause,
    });
  }
}
