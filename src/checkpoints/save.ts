import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { byteLength } from '../graph/tensor.js';
import { type DirectoryOptions, writeDirectoryAtomic } from '../support/atomic-files.js';
import { groupBy } from '../support/group-by.js';
import { removeStaleTemporaries } from '../support/temporaries.js';
import { CONFIG_FILE, checkpointName, checkpointsDirectory, MARKER_FILE, STATE_FILE } from './layout.js';
import { encodeManifest, type FileRecord, type Manifest, sha256Of } from './manifest.js';
import { ShardWriter } from './shard-writer.js';
import { type Placement, placementOf, type TensorSlice, tilingProblem } from './slices.js';

export interface CheckpointContent {
  step: number;
  /** Anything JSON: where the loader stands, random states. */
  state: unknown;
  /** The resolved configuration. */
  configYaml: string;
  /** Parameters and what the optimizer keeps, one at a time; given up, by `return` of their iterator, if saving fails. */
  slices: AsyncIterable<TensorSlice> | Iterable<TensorSlice>;
  /** Whether a tensor belongs to the optimizer rather than to the model. */
  isOptimizer(name: string): boolean;
  /** Largest safetensors file; larger tensors are cut. */
  maxShardBytes?: number;
}

const DEFAULT_MAX_SHARD_BYTES = 2 * 2 ** 30;

/**
 * Saves a checkpoint as `<run>/checkpoints/<step>/`, replacing an earlier one of the same step. It has its name only
 * when it is complete and on the disk; leftovers of saves that were killed on this host are removed. One tensor is in memory at a
 * time. Returns the checkpoint's path.
 *
 * @throws OutputError if it cannot be written; then nothing new stands under its name.
 * @throws RangeError if the slices are not whole tensors together.
 */
export async function saveCheckpoint(runDirectory: string, content: CheckpointContent): Promise<string> {
  const parent = checkpointsDirectory(runDirectory);
  const path = join(parent, checkpointName(content.step));
  try {
    await removeStaleTemporaries(parent);
    await writeDirectoryAtomic(path, (temporary) => fill(temporary, content), { replace: true });
    return path;
  } finally {
    await giveUp(content.slices);
  }
}

/**
 * Writes a checkpoint as a directory of any name. It has its name only when it is complete and on the disk.
 *
 * @throws OutputError if the directory exists and `replace` is not set, or cannot be written
 */
export async function writeCheckpoint(
  path: string,
  content: CheckpointContent,
  options: DirectoryOptions = {},
): Promise<void> {
  try {
    await writeDirectoryAtomic(path, (temporary) => fill(temporary, content), options);
  } finally {
    await giveUp(content.slices);
  }
}

/** A snapshot that is not read to its end, or not at all, must not go on holding the state of its moment. */
export async function giveUp(slices: CheckpointContent['slices']): Promise<void> {
  if (Symbol.asyncIterator in slices) await slices[Symbol.asyncIterator]().return?.();
}

/**
 * Removes what saves and deletions that were killed, on any host, left behind, and puts back a checkpoint whose
 * replacement had only begun. For the process that holds the run's lock, before it looks for checkpoints.
 *
 * @throws OutputError if the directory cannot be changed.
 */
export async function tidyCheckpoints(runDirectory: string): Promise<void> {
  await removeStaleTemporaries(checkpointsDirectory(runDirectory), { exclusive: true });
}

async function fill(directory: string, content: CheckpointContent): Promise<void> {
  const { shards, placements } = await writeShards(directory, content, 0);
  requireWhole(placements);
  await complete(directory, content, shards);
}

/**
 * Writes what is no tensor, and the marker last, into a directory that is synced before it has its name.
 * @param more other files, by name
 */
export async function complete(
  directory: string,
  { step, state, configYaml }: Pick<CheckpointContent, 'step' | 'state' | 'configYaml'>,
  shards: Manifest['shards'],
  more: Readonly<Record<string, Uint8Array>> = {},
): Promise<void> {
  const files: Record<string, FileRecord> = {};
  const encoder = new TextEncoder();
  const contents = {
    ...more,
    [STATE_FILE]: encoder.encode(`${JSON.stringify({ step, state }, null, 1)}\n`),
    [CONFIG_FILE]: encoder.encode(configYaml),
  };
  for (const [name, bytes] of Object.entries(contents)) {
    await writeFile(join(directory, name), bytes, { flag: 'wx' });
    files[name] = { bytes: bytes.byteLength, sha256: sha256Of(bytes) };
  }
  await writeFile(join(directory, MARKER_FILE), encodeManifest({ step, files, shards }), { flag: 'wx' });
}

/** What one process writes of a checkpoint: its shards, and where the slices in them belong. */
export interface WrittenShards {
  shards: Manifest['shards'];
  placements: Placement[];
}

/** Writes the slices of one process. @throws RangeError if one has not as many bytes as its shape takes. */
export async function writeShards(
  directory: string,
  { slices, isOptimizer, maxShardBytes = DEFAULT_MAX_SHARD_BYTES }: CheckpointContent,
  rank: number,
): Promise<WrittenShards> {
  const model = new ShardWriter(directory, 'model', rank, maxShardBytes);
  const optimizer = new ShardWriter(directory, 'optimizer', rank, maxShardBytes);
  const placements: Placement[] = [];
  try {
    for await (const slice of slices) {
      requireConsistent(slice);
      await (isOptimizer(slice.name) ? optimizer : model).add(slice);
      placements.push(placementOf(slice));
    }
    await model.finish();
    await optimizer.finish();
  } catch (error) {
    await model.abandon();
    await optimizer.abandon();
    throw error;
  }
  return { shards: { ...model.records, ...optimizer.records }, placements };
}

/** @throws RangeError if slices, of whatever processes, are not whole tensors together. */
export function requireWhole(placements: readonly Placement[]): void {
  for (const group of groupBy(placements, ({ name }) => name).values()) {
    const problem = tilingProblem(group);
    if (problem !== undefined) throw new RangeError(`the state cannot be saved: ${problem}`);
  }
}

function requireConsistent({ name, dtype, tensor }: TensorSlice): void {
  if (tensor.dtype !== dtype || tensor.bytes.byteLength !== byteLength(dtype, tensor.shape)) {
    throw new RangeError(`the bytes of ${name} are not as many as its type and shape take`);
  }
}
