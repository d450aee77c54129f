import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { transferError } from '../../support/transferred-error.js';
import { PretokenCounter, PretokenTable, splitterOf, writeRun } from '../../tokenizers/training/index.js';
import type { Unit } from '../blocks.js';
import { documentOf } from '../documents.js';
import { type Partition, partitionSource } from '../partition.js';
import {
  BLOCK_BYTES,
  type CountReply,
  type CountRequest,
  type CountThreadData,
  type UnitCounts,
} from './count-protocol.js';
import { fateOf } from './selection.js';

const port = parentPort;
if (port === null) throw new Error('this module runs in a worker thread');

const settings = workerData as CountThreadData;
const table = new PretokenTable();
const counter = new PretokenCounter(table, splitterOf(settings.pattern));
const runs: string[] = [];
const partitions = new Map<number, Promise<Partition>>();

const reply = (message: CountReply, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

/** Requests are carried out one after the other. */
let work = Promise.resolve();
port.on('message', (request: CountRequest) => {
  work = work
    .then(() => (request.kind === 'unit' ? countUnit(request.path, request.unit) : finish()))
    .catch((error: unknown) => {
      reply({ kind: 'error', error: transferError(error) });
      port.close();
    });
});

async function countUnit(path: number, unit: Unit): Promise<void> {
  const partition = await partitionOf(path);
  const file = partition.files[unit.file]!;
  const counted: UnitCounts = { documents: 0, textBytes: 0, passedOver: { bad: 0, empty: 0 }, heldOut: [] };
  const reader = partition.open(unit, { blockBytes: BLOCK_BYTES, codeField: null });
  try {
    for (let next: number | null | undefined; next !== null; ) {
      const block = await reader.block(next ?? null);
      for (let i = 0; i < block.count; i++) {
        const document = await documentOf(file, block, i, settings.onBadRecord, counted.passedOver);
        if (document !== null) takeDocument(document.bytes, counted);
      }
      if (table.memory > settings.memoryBytes) await spill();
      next = block.next;
    }
  } finally {
    await reader.close();
  }
  reply({ kind: 'unit done', counted });
}

function takeDocument(bytes: Uint8Array, counted: UnitCounts): void {
  const fate = fateOf(bytes, settings.selection);
  if (fate === 'held out') counted.heldOut.push(bytes.slice());
  if (fate !== 'counted') return;
  counter.add(bytes);
  counted.documents++;
  counted.textBytes += bytes.length;
}

async function finish(): Promise<void> {
  if (runs.length > 0 && table.size > 0) await spill();
  const arrays = table.take();
  reply({ kind: 'finished', table: arrays, runs }, [arrays.bytes.buffer, arrays.starts.buffer, arrays.counts.buffer]);
  port!.close();
}

async function spill(): Promise<void> {
  const path = join(settings.folder, `${settings.name}-${runs.length}.run`);
  await writeRun(table, path);
  runs.push(path);
  table.clear();
}

function partitionOf(path: number): Promise<Partition> {
  let partition = partitions.get(path);
  if (partition === undefined) {
    partition = partitionSource(settings.paths[path]!, { rows: settings.readers, blockBytes: BLOCK_BYTES });
    partitions.set(path, partition);
  }
  return partition;
}
