/** Bytes that are read at a time. */
export const READ_AHEAD_BYTES = 1 << 21;

/** Two buffers that reading one range after another uses again. Ranges that are read at the same time have their own. */
export class ReadAheadMemory {
  private idle: [Uint8Array, Uint8Array] | null = null;

  /** For a range of so many bytes. */
  take(byteLength: number): [Uint8Array, Uint8Array] {
    const [first, second] = [byteLength, byteLength - READ_AHEAD_BYTES].map((bytes) =>
      Math.max(0, Math.min(READ_AHEAD_BYTES, bytes)),
    ) as [number, number];
    const { idle } = this;
    this.idle = null;
    const suffices = idle !== null && idle[0].byteLength >= first && idle[1].byteLength >= second;
    return suffices ? idle : [new Uint8Array(first), new Uint8Array(second)];
  }

  giveBack(buffers: [Uint8Array, Uint8Array]): void {
    this.idle = buffers;
  }
}

/**
 * A range of bytes in order, a piece at a time while the next one is being read. A piece begins at the start of its buffer, and
 * is good until the next is asked for.
 *
 * @param read fills the target with the bytes from a position of the range on
 * @throws what `read` throws
 */
export async function* readAhead(
  byteLength: number,
  read: (target: Uint8Array, position: number) => Promise<void>,
  memory: ReadAheadMemory,
): AsyncGenerator<Uint8Array, undefined> {
  const buffers = memory.take(byteLength);
  const begin = async (index: number): Promise<Uint8Array> => {
    const start = index * READ_AHEAD_BYTES;
    const piece = buffers[index % 2]!.subarray(0, Math.max(0, Math.min(READ_AHEAD_BYTES, byteLength - start)));
    if (piece.byteLength > 0) await read(piece, start);
    return piece;
  };
  let next = begin(0);
  try {
    for (let index = 0; index * READ_AHEAD_BYTES < byteLength; index++) {
      const piece = await next;
      next = begin(index + 1);
      // Whoever stops here never sees the failure of what was begun.
      next.catch(() => {});
      yield piece;
    }
  } finally {
    await Promise.allSettled([next]);
    memory.giveBack(buffers);
  }
}
