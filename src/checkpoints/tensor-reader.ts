import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { BYTES_PER_ELEMENT, byteLength, sameShape } from '../graph/tensor.js';
import { CheckpointError } from '../support/errors.js';
import { groupBy } from '../support/group-by.js';
import { ReadAheadMemory } from '../support/read-ahead.js';
import { isInside, overlap, type Region, sharedRuns } from './regions.js';
import { SafetensorsFile } from './safetensors/reader.js';
import type { Placement, TensorSlice } from './slices.js';

/** Where a slice is stored. */
export interface StoredSlice extends Placement {
  file: string;
  key: string;
  sha256: string;
}

/** The part of a tensor that a reader wants: a process its share, however the tensor was shared out when it was saved. */
export interface SliceRequest extends Region {
  name: string;
}

/**
 * Reads tensors of one checkpoint, any number of times, until it is closed, one thing at a time. Whatever is read is verified first against
 * the checksums of the stored slices that it comes from, so a part of a slice costs reading all of that slice; memory
 * is what is returned and a window of 4 MiB.
 *
 * All reading throws CheckpointError if a name is unknown or a tensor is not what was saved.
 */
export interface TensorReader {
  /** Exactly the bytes asked for. @throws RangeError if they are not inside the tensor. */
  slice(request: SliceRequest): Promise<TensorSlice>;
  /**
   * All bytes of a tensor, row-major, in pieces that are good until the next is asked for. They are verified when the
   * last has come. One that was cut along another dimension than the outermost is put together in memory.
   */
  pieces(name: string): AsyncGenerator<Uint8Array, undefined>;
  /** SHA-256 of all bytes of a tensor, if it is stored in one piece. */
  checksum(name: string): string | undefined;
  close(): Promise<void>;
}

/** Shards that a reader keeps open. */
const OPEN_FILES = 16;

export class StoredTensorReader implements TensorReader {
  private readonly byName: ReadonlyMap<string, StoredSlice[]>;
  private readonly open = new Map<string, SafetensorsFile>();
  private readonly memory = new ReadAheadMemory();

  constructor(
    private readonly directory: string,
    slices: readonly StoredSlice[],
  ) {
    this.byName = groupBy(slices, ({ name }) => name);
  }

  async slice({ name, offset, shape }: SliceRequest): Promise<TensorSlice> {
    const stored = this.storedSlices(name);
    const { dtype, globalShape } = stored[0]!;
    if (!isInside({ offset, shape }, globalShape)) {
      throw new RangeError(`[${shape}] at [${offset}] is not inside ${name}, which is [${globalShape}]`);
    }
    const exact = stored.find((slice) => sameShape(slice.shape, shape) && sameShape(slice.offset, offset));
    if (exact !== undefined) return this.stored(exact);
    const bytes = new Uint8Array(byteLength(dtype, shape));
    for (const slice of stored) {
      if (overlap(slice, { offset, shape })) await this.copyInto(bytes, { offset, shape }, slice);
    }
    return sliceOf({ name, dtype, globalShape, offset, shape }, bytes);
  }

  /** A slice as it was saved. */
  async stored(slice: StoredSlice): Promise<TensorSlice> {
    const shard = await this.shard(slice.file);
    const hash = createHash('sha256');
    const bytes = await shard.read(slice.key, (piece) => hash.update(piece));
    this.requireChecksum(slice, hash.digest('hex'), shard.path);
    return sliceOf(slice, bytes);
  }

  async *pieces(name: string): AsyncGenerator<Uint8Array, undefined> {
    const stored = [...this.storedSlices(name)].sort((a, b) => (a.offset[0] ?? 0) - (b.offset[0] ?? 0));
    const { globalShape } = stored[0]!;
    const inRows = stored.every(({ shape }) => sameShape(shape.slice(1), globalShape.slice(1)));
    if (inRows) for (const slice of stored) yield* this.storedPieces(slice);
    else yield (await this.slice({ name, offset: globalShape.map(() => 0), shape: globalShape })).tensor.bytes;
  }

  checksum(name: string): string | undefined {
    const stored = this.storedSlices(name);
    return stored.length === 1 ? stored[0]!.sha256 : undefined;
  }

  async close(): Promise<void> {
    const files = [...this.open.values()];
    this.open.clear();
    for (const file of files) await file.close();
  }

  private storedSlices(name: string): readonly StoredSlice[] {
    const stored = this.byName.get(name);
    if (stored !== undefined) return stored;
    throw new CheckpointError(`the checkpoint ${this.directory} has no tensor ${name}`, {
      file: this.directory,
      field: name,
      hint: 'Use a checkpoint of the same model.',
    });
  }

  private async copyInto(target: Uint8Array, wanted: Region, slice: StoredSlice): Promise<void> {
    const size = BYTES_PER_ELEMENT[slice.dtype];
    const runs = sharedRuns(slice, wanted);
    let run = runs.next();
    let position = 0;
    for await (const piece of this.storedPieces(slice)) {
      const end = position + piece.byteLength;
      while (!run.done) {
        const { source, target: to, length } = run.value;
        const from = Math.max(position, source * size);
        const until = Math.min(end, (source + length) * size);
        if (from < until) {
          target.set(piece.subarray(from - position, until - position), to * size + from - source * size);
        }
        // The rest of this run, and all that follow, are in the next piece.
        if ((source + length) * size > end) break;
        run = runs.next();
      }
      position = end;
    }
  }

  /** The bytes of a slice as it was saved, in pieces, verified when the last has come. */
  async *storedPieces(slice: StoredSlice): AsyncGenerator<Uint8Array, undefined> {
    const shard = await this.shard(slice.file);
    const hash = createHash('sha256');
    for await (const piece of shard.pieces(slice.key, this.memory)) {
      hash.update(piece);
      yield piece;
    }
    this.requireChecksum(slice, hash.digest('hex'), shard.path);
  }

  private requireChecksum({ name, sha256 }: StoredSlice, found: string, file: string): void {
    if (found === sha256) return;
    throw new CheckpointError(`the checkpoint ${this.directory} is damaged: tensor ${name} is not what was saved`, {
      file,
      field: name,
    });
  }

  private async shard(name: string): Promise<SafetensorsFile> {
    const found = this.open.get(name);
    if (found !== undefined) return found;
    const [oldest] = this.open;
    if (oldest !== undefined && this.open.size >= OPEN_FILES) {
      this.open.delete(oldest[0]);
      await oldest[1].close();
    }
    const shard = await SafetensorsFile.open(join(this.directory, name));
    this.open.set(name, shard);
    return shard;
  }
}

function sliceOf({ name, dtype, globalShape, offset, shape }: Placement, bytes: Uint8Array): TensorSlice {
  return {
    name,
    dtype,
    globalShape: [...globalShape],
    offset: [...offset],
    tensor: { dtype, shape: [...shape], bytes },
  };
}
