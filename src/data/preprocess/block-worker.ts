import { promisify } from 'node:util';
import { BroadcastChannel, workerData } from 'node:worker_threads';
import { gzip } from 'node:zlib';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { instantiateCompressor } from '../../plugins/compressor-instance.js';
import { closeAll } from '../../support/close-all.js';
import { transferError } from '../../support/transferred-error.js';
import { memoryOf } from './blocks.js';
import { type Column, type FieldKinds, fieldKinds, valuesOf } from './columns.js';
import { type ExtendedRecord, encodeBlock, type NamedCompressor } from './encode-block.js';
import { LinesWriter } from './lines-writer.js';
import { type KeptRecord, recordsOf } from './records-in-block.js';
import { type VerifiedCounts, verifyBlock } from './verify-block.js';
import type {
  BlockOutput,
  CompressorIdentity,
  EncodedBlock,
  EncodeTask,
  FieldsTask,
  Outcome,
  VerifyTask,
  WorkerData,
  WorkerSignal,
} from './worker-protocol.js';

/** Runs in each thread of the pool. All threads make their compressors at once, when they start. */

const { compressors: descriptors, channel } = workerData as WorkerData;
const signals = new BroadcastChannel(channel);
const compressors = start();
// Every task that needs them fails by it.
compressors.catch(() => {});

export const identify = outcome(async (): Promise<CompressorIdentity[]> => {
  return (await compressors).map(({ compressor: { field, fingerprint, alphabetSize } }) => ({
    field: field.name,
    ...(field.sideName !== undefined && { sideField: field.sideName }),
    fingerprint,
    alphabetSize,
  }));
});

export const encode = outcome(
  async ({ block, shape, onBadRecord, spare }: EncodeTask): Promise<EncodedBlock> => {
    const { take, output } =
      shape.kind === 'parquet'
        ? asColumns(shape.columns)
        : asLines(shape.kind, spare ?? new ArrayBuffer(2 * block.bytes));
    const counts = await encodeBlock(block, await compressors, onBadRecord, take);
    return { output: await output(), read: memoryOf(block)[0] ?? null, counts };
  },
  ({ output, read }) => [...(output.kind === 'bytes' ? [output.bytes.buffer] : []), ...(read === null ? [] : [read])],
);

export const fields = outcome(async ({ block, onBadRecord }: FieldsTask): Promise<FieldKinds> => {
  const records: KeptRecord[] = [];
  for await (const record of recordsOf(block, onBadRecord)) if (!('skipped' in record)) records.push(record);
  return fieldKinds(records);
});

export const verify = outcome(async ({ block }: VerifyTask): Promise<VerifiedCounts> => {
  return verifyBlock(block, await compressors);
});

async function start(): Promise<NamedCompressor[]> {
  signals.postMessage({ kind: 'started' } satisfies WorkerSignal);
  const made: NamedCompressor[] = [];
  for (const descriptor of descriptors) {
    const log = (message: string): void => signals.postMessage({ kind: 'log', message } satisfies WorkerSignal);
    made.push({ name: descriptor.name, compressor: await instantiateCompressor(descriptor, log) });
  }
  return made;
}

signals.onmessage = (event) => {
  const signal = (event as { data: WorkerSignal }).data;
  if (signal.kind !== 'end') return;
  compressors
    .then((made) =>
      closeAll(
        made.map(
          ({ compressor }) =>
            async () =>
              compressor.dispose?.(),
        ),
      ),
    )
    .then(
      () => signals.postMessage({ kind: 'ended', error: null } satisfies WorkerSignal),
      (error: unknown) => signals.postMessage({ kind: 'ended', error: transferError(error) } satisfies WorkerSignal),
    );
};
signals.unref();

/** Collects the records of a block and hands them back as a whole. */
interface Collector {
  take(record: ExtendedRecord): void;
  output(): Promise<BlockOutput>;
}

function asColumns(columns: readonly Column[]): Collector {
  const records: ExtendedRecord[] = [];
  return {
    take: (record) => records.push(record),
    output: async () => ({ kind: 'columns', columns: valuesOf(records, columns) }),
  };
}

function asLines(format: keyof typeof COMPRESSED, memory: ArrayBuffer): Collector {
  const lines = new LinesWriter(memory);
  return {
    take: (record) => lines.add(record),
    output: async () => ({ kind: 'bytes', bytes: await COMPRESSED[format](lines.bytes()) }),
  };
}

/** Compressed blocks are members of a gzip file, or frames of a zstd file. */
const COMPRESSED = {
  jsonl: async (lines: Lines): Promise<Lines> => lines,
  'jsonl.gz': gzipped,
  'jsonl.zst': zstdFrame,
};

type Lines = Uint8Array<ArrayBuffer>;

/** zlib's own default is a good compromise. A block without records has no member. */
async function gzipped(lines: Lines): Promise<Lines> {
  // Copied: what zlib gives may be a view of memory that is shared.
  return lines.length === 0 ? lines : new Uint8Array(await promisify(gzip)(lines));
}

/** By zstd itself, compiled to WebAssembly (docs/decisions/0083). */
async function zstdFrame(lines: Lines): Promise<Lines> {
  const { Zstd } = await import('@hpcc-js/wasm-zstd');
  // Copied: what it gives may be a view of all of its memory.
  return lines.length === 0 ? lines : new Uint8Array((await Zstd.load()).compress(lines, ZSTD_LEVEL));
}

const ZSTD_LEVEL = 3;

/**
 * A task for the pool. Errors keep their class on the way to another thread.
 *
 * @param memory what the other thread takes over of the value, so that it is not copied
 */
function outcome<Task, Value>(
  work: (task: Task) => Promise<Value>,
  memory: (value: Value) => ArrayBuffer[] = () => [],
): (task: Task) => Promise<unknown> {
  return async (task) => {
    try {
      const value = await work(task);
      const handed: Outcome<Value> = { value };
      return move({ [transferableSymbol]: memory(value), [valueSymbol]: handed });
    } catch (error) {
      return { error: transferError(error) } satisfies Outcome<Value>;
    }
  };
}
