import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { writeFully } from '../../support/durable-files.js';
import { asOutputError } from '../../support/output-failures.js';
import { compareBytes, type Pretoken, type PretokenTable } from './pretoken-table.js';

/**
 * Runs: pre-tokens and their counts in a file, in the order of the bytes, so that tables that do not fit in memory together
 * are merged by reading their runs side by side. A record is the number of bytes (uint32), the count (float64), both little
 * endian, and the bytes.
 */
const HEAD_BYTES = 12;
const BUFFER_BYTES = 1 << 20;

/** @throws OutputError if the file cannot be written */
export async function writeRun(table: PretokenTable, path: string): Promise<void> {
  try {
    const file = await open(path, 'wx');
    try {
      let buffer = Buffer.alloc(BUFFER_BYTES);
      let filled = 0;
      for (const { bytes, count } of table.sorted()) {
        const length = HEAD_BYTES + bytes.length;
        if (filled + length > buffer.length) {
          await writeFully(file, buffer.subarray(0, filled));
          filled = 0;
          if (length > buffer.length) buffer = Buffer.alloc(length);
        }
        buffer.writeUInt32LE(bytes.length, filled);
        buffer.writeDoubleLE(count, filled + 4);
        buffer.set(bytes, filled + HEAD_BYTES);
        filled += length;
      }
      await writeFully(file, buffer.subarray(0, filled));
    } finally {
      await file.close();
    }
  } catch (error) {
    throw asOutputError(error, path);
  }
}

/** The pre-tokens of all runs, each once with the sum of its counts, in the order of their bytes. */
export async function* mergeRuns(paths: readonly string[]): AsyncGenerator<Pretoken> {
  const readers = await Promise.all(
    paths.map(async (path) => {
      const records = readRun(path);
      return { records, head: await records.next() };
    }),
  );
  try {
    for (;;) {
      let least: Uint8Array | null = null;
      for (const { head } of readers) {
        if (!head.done && (least === null || compareBytes(head.value.bytes, least) < 0)) least = head.value.bytes;
      }
      if (least === null) return;
      const bytes = least.slice();
      let count = 0;
      for (const reader of readers) {
        if (reader.head.done || compareBytes(reader.head.value.bytes, bytes) !== 0) continue;
        count += reader.head.value.count;
        reader.head = await reader.records.next();
      }
      yield { bytes, count };
    }
  } finally {
    for (const { records } of readers) await records.return(undefined);
  }
}

async function* readRun(path: string): AsyncGenerator<Pretoken, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: BUFFER_BYTES })) {
    const buffer: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at + HEAD_BYTES <= buffer.length) {
      const end = at + HEAD_BYTES + buffer.readUInt32LE(at);
      if (end > buffer.length) break;
      yield { bytes: buffer.subarray(at + HEAD_BYTES, end), count: buffer.readDoubleLE(at + 4) };
      at = end;
    }
    rest = buffer.subarray(at);
  }
}
