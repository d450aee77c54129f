import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { DType } from '../graph/tensor.js';
import { type DirectoryOptions, writeDirectoryAtomic } from '../support/atomic-files.js';
import { consolidatedName } from './layout.js';
import { type ShardRecord, sha256Of } from './manifest.js';
import { ELEMENT_TYPE_OF } from './safetensors/element-types.js';
import { encodeHeader } from './safetensors/header.js';
import { SafetensorsWriter } from './safetensors/writer.js';
import { type CheckpointContent, complete } from './save.js';

/** A tensor whose bytes come in pieces, so that it need not be in memory. */
export interface StreamedTensor {
  name: string;
  dtype: DType;
  shape: readonly number[];
  /** All bytes, row-major; each piece is written before the next is asked for. */
  pieces(): AsyncIterable<Uint8Array>;
  /** SHA-256 of all bytes, where it is known; reading them verifies it. */
  checksum?: string | undefined;
}

/**
 * Writes a safetensors file of whole tensors, in their order.
 *
 * @param onPiece sees all bytes in order
 * @throws RangeError if a tensor has not as many bytes as its shape takes; what reading throws, and `onPiece`
 */
export async function writeWholeTensors(
  path: string,
  tensors: readonly StreamedTensor[],
  onPiece: (piece: Uint8Array) => void,
): Promise<ShardRecord> {
  const specs = tensors.map(({ name, dtype, shape }) => ({ name, type: ELEMENT_TYPE_OF[dtype], shape: [...shape] }));
  // Hugging Face's loaders ask for this.
  const metadata = { format: 'pt' };
  const writer = await SafetensorsWriter.create(path, encodeHeader(specs, metadata).byteLength);
  const checksums: [string, string][] = [];
  try {
    for (const [index, { name, pieces, checksum }] of tensors.entries()) {
      const hash = checksum === undefined ? createHash('sha256') : null;
      await writer.append(specs[index]!, pieces(), (piece) => {
        hash?.update(piece);
        onPiece(piece);
      });
      checksums.push([name, checksum ?? hash!.digest('hex')]);
    }
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  const header = await writer.finish(metadata);
  return { bytes: writer.byteLength, header: sha256Of(header), tensors: Object.fromEntries(checksums) };
}

/** A checkpoint of a model alone, each tensor whole. */
export interface WholeCheckpoint extends Pick<CheckpointContent, 'step' | 'state' | 'configYaml'> {
  tensors: readonly StreamedTensor[];
  /** Sees all bytes of tensors in order. */
  onPiece(piece: Uint8Array): void;
}

/**
 * Writes a checkpoint whose tensors come from elsewhere and are never in memory, in one file. It has its name only when it is
 * complete and on the disk.
 *
 * @throws OutputError if the directory exists and `replace` is not set, or cannot be written; as `writeWholeTensors`
 */
export async function writeWholeCheckpoint(
  path: string,
  { tensors, onPiece, ...content }: WholeCheckpoint,
  options: DirectoryOptions = {},
): Promise<void> {
  const name = consolidatedName('model');
  await writeDirectoryAtomic(
    path,
    async (temporary) => {
      const shard = await writeWholeTensors(join(temporary, name), tensors, onPiece);
      await complete(temporary, content, { [name]: shard });
    },
    options,
  );
}
