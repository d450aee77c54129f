import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type ShardGroup, shardName } from './layout.js';
import { type ShardRecord, sha256Of } from './manifest.js';
import { ELEMENT_TYPE_OF } from './safetensors/element-types.js';
import { SafetensorsWriter } from './safetensors/writer.js';
import { isWhole, type Placement, placementOf, splitByRows, storedName, type TensorSlice } from './slices.js';

/** Key of the safetensors metadata that says where the slices of a shard belong: JSON of `StoredPlacements`. */
export const PLACEMENTS_KEY = 'slices';

/** By stored name, for every slice that is only a part of its tensor. */
export type StoredPlacements = Record<string, Pick<Placement, 'name' | 'globalShape' | 'offset'>>;

/** The data begins at a multiple of the page size, so that it can be mapped into memory. */
const HEADER_SPACE = 1 << 16;
/** What a tensor adds to the header beyond its names and shapes: type, offsets, punctuation. */
const HEADER_BYTES_PER_TENSOR = 128;

interface OpenShard {
  name: string;
  writer: SafetensorsWriter;
  placements: StoredPlacements;
  checksums: Record<string, string>;
  /** An upper bound of the header's length so far. */
  headerBytes: number;
}

/** Distributes slices, as they come, over safetensors files of bounded size. */
export class ShardWriter {
  readonly records: Record<string, ShardRecord> = {};
  private current: OpenShard | undefined;
  private index = 0;

  constructor(
    private readonly directory: string,
    private readonly group: ShardGroup,
    private readonly rank: number,
    private readonly maxBytes: number,
  ) {}

  async add(slice: TensorSlice): Promise<void> {
    for (const part of splitByRows(slice, this.maxBytes)) await this.addPart(part);
  }

  /** Completes the last file; after it `records` describes all of them. */
  async finish(): Promise<void> {
    const shard = this.current;
    if (shard === undefined) return;
    this.current = undefined;
    const { name, writer, placements, checksums } = shard;
    const partial = Object.keys(placements).length > 0;
    const header = await writer.finish({
      // Hugging Face's loaders ask for this.
      format: 'pt',
      ...(partial && { [PLACEMENTS_KEY]: JSON.stringify(placements) }),
    });
    this.records[name] = { bytes: writer.byteLength, header: sha256Of(header), tensors: checksums };
  }

  /** Closes what is open after a failure. */
  async abandon(): Promise<void> {
    await this.current?.writer.abandon();
    this.current = undefined;
  }

  private async addPart(slice: TensorSlice): Promise<void> {
    const placement = placementOf(slice);
    const key = storedName(placement);
    const headerBytes = headerBytesOf(key, placement);
    const shard = await this.shardFor(slice.tensor.bytes.byteLength, headerBytes);
    const hash = createHash('sha256');
    const spec = { name: key, type: ELEMENT_TYPE_OF[slice.dtype], shape: slice.tensor.shape };
    await shard.writer.append(spec, slice.tensor.bytes, (piece) => hash.update(piece));
    const { name, globalShape, offset } = placement;
    if (!isWhole(placement)) shard.placements[key] = { name, globalShape, offset };
    shard.checksums[key] = hash.digest('hex');
    shard.headerBytes += headerBytes;
  }

  private async shardFor(bytes: number, headerBytes: number): Promise<OpenShard> {
    const { current } = this;
    if (current !== undefined) {
      const full = current.writer.byteLength + bytes > HEADER_SPACE + this.maxBytes;
      if (!full && current.headerBytes + headerBytes <= HEADER_SPACE) return current;
      await this.finish();
    }
    const name = shardName(this.group, this.rank, this.index++);
    const writer = await SafetensorsWriter.create(join(this.directory, name), HEADER_SPACE);
    this.current = { name, writer, placements: {}, checksums: {}, headerBytes: HEADER_BYTES_PER_TENSOR };
    return this.current;
  }
}

/** An upper bound: in the metadata, which is JSON within JSON, a character takes at most twice its bytes and some. */
function headerBytesOf(key: string, placement: Placement): number {
  const entry = Buffer.byteLength(JSON.stringify([key, placement]));
  return isWhole(placement) ? entry + HEADER_BYTES_PER_TENSOR : 4 * entry + HEADER_BYTES_PER_TENSOR;
}
