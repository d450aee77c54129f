import { open } from 'node:fs/promises';
import { LINE_FEED, LONGEST_LINE } from '../lines.js';

/** Puts bytes at the beginning of some memory and says how many; 0 at the end. */
export type ReadBytes = (into: Uint8Array) => Promise<number>;

/** Gives memory of so many bytes or more. What it holds means nothing. */
export type Memory = (bytes: number) => ArrayBuffer;

export const newMemory: Memory = (bytes) => new ArrayBuffer(bytes);

/** Large enough that a round trip to a worker costs nothing beside the work, small enough to hold many. */
const BLOCK_BYTES = 2 ** 20;
/** Room for the rest of a line, so that most blocks are read at once into memory of one size. */
const ROOM = 2 ** 18;

/**
 * Cuts into blocks of whole lines: each ends with the first line that brings it to `BLOCK_BYTES`. Every block has
 * memory of its own, which another thread can take over; only what was read behind its end is copied.
 *
 * Of a line longer than `LONGEST_LINE` little more than that is kept: enough to see that it is too long, however much a
 * small compressed file expands to.
 */
export async function* lineBlocks(read: ReadBytes, memory: Memory): AsyncGenerator<Buffer<ArrayBuffer>> {
  let block = Buffer.from(memory(BLOCK_BYTES + ROOM));
  let length = 0;
  /** From here on the block has not been searched for its end. */
  let unseen = BLOCK_BYTES - 1;
  for (let ended = false; !ended; ) {
    if (length === block.length) block = copied(block, length, memory(2 * length));
    const count = await read(block.subarray(length, length + BLOCK_BYTES + ROOM));
    length += count;
    ended = count === 0;
    for (let end = endOfLine(block, unseen, length); end >= 0; end = endOfLine(block, unseen, length)) {
      const rest = block.subarray(end + 1, length);
      const next = copied(rest, rest.length, memory(Math.max(BLOCK_BYTES, rest.length) + ROOM));
      length = rest.length;
      yield block.subarray(0, end + 1);
      block = next;
      unseen = BLOCK_BYTES - 1;
    }
    if (length > LONGEST_LINE) {
      // What has no end yet: the block would have ended with any line that ends behind its size.
      const start = block.lastIndexOf(LINE_FEED, BLOCK_BYTES - 2) + 1;
      length = Math.min(length, start + LONGEST_LINE + 1);
    }
    unseen = Math.max(BLOCK_BYTES - 1, length);
  }
  if (length > 0) yield block.subarray(0, length);
}

function copied(bytes: Uint8Array, length: number, memory: ArrayBuffer): Buffer<ArrayBuffer> {
  const copy = Buffer.from(memory);
  copy.set(bytes.subarray(0, length));
  return copy;
}

/** Where the first line feed stands from `from` on, before `limit`; -1 if none does. */
function endOfLine(block: Buffer, from: number, limit: number): number {
  return from < limit ? block.subarray(0, limit).indexOf(LINE_FEED, from) : -1;
}

/** What a file holds, piece by piece. Stopping the iteration closes it. */
export async function* blocksOfFile(path: string, memory: Memory): AsyncGenerator<Buffer<ArrayBuffer>> {
  const file = await open(path);
  try {
    yield* lineBlocks(async (into) => (await file.read(into, 0, into.length)).bytesRead, memory);
  } finally {
    await file.close();
  }
}

/** The same of chunks. Stopping the iteration ends them. */
export async function* blocksOfChunks(
  chunks: AsyncGenerator<Uint8Array>,
  memory: Memory,
): AsyncGenerator<Buffer<ArrayBuffer>> {
  let chunk: Uint8Array = new Uint8Array(0);
  const read = async (into: Uint8Array): Promise<number> => {
    while (chunk.length === 0) {
      const next = await chunks.next();
      if (next.done) return 0;
      chunk = next.value;
    }
    const taken = chunk.subarray(0, into.length);
    into.set(taken);
    chunk = chunk.subarray(taken.length);
    return taken.length;
  };
  try {
    yield* lineBlocks(read, memory);
  } finally {
    await chunks.return(undefined);
  }
}
