import { join } from 'node:path';
import { z } from 'zod';
import type { DType } from '../graph/tensor.js';
import { CheckpointError } from '../support/errors.js';
import { groupBy } from '../support/group-by.js';
import { exists } from '../support/output-failures.js';
import { CONFIG_FILE, groupOfShard, type ShardGroup, STATE_FILE } from './layout.js';
import { alternativeTo, listCheckpoints, namingAlternative } from './list.js';
import { type Manifest, readManifest, readVerified, type ShardRecord, sha256Of } from './manifest.js';
import { dtypeOf } from './safetensors/element-types.js';
import { nameProblem, type TensorEntry } from './safetensors/header.js';
import { SafetensorsFile } from './safetensors/reader.js';
import { PLACEMENTS_KEY, type StoredPlacements } from './shard-writer.js';
import { type Placement, type TensorSlice, tilingProblem } from './slices.js';
import { type SliceRequest, type StoredSlice, StoredTensorReader, type TensorReader } from './tensor-reader.js';

/** A tensor of a checkpoint, whole, however it is stored. */
export interface StoredTensor {
  name: string;
  dtype: DType;
  shape: readonly number[];
  /** Whose it is: the model's (parameters), or the optimizer's (moments). */
  group: ShardGroup;
}

/** A checkpoint whose structure is sound; the bytes of tensors are verified as they are read. */
export interface Checkpoint {
  path: string;
  step: number;
  /** What the trainer gave to `saveCheckpoint`. */
  state: unknown;
  configYaml: string;
  /** Sizes and checksums of all files and tensors. */
  manifest: Manifest;
  /** All tensors in the order of the files. */
  specs: readonly StoredTensor[];
  /**
   * Reads the tensors with these names, or all, one slice at a time. A tensor that was saved in parts comes in parts.
   * @throws CheckpointError if a name is unknown or a tensor is not what was saved; the hint names another checkpoint.
   */
  tensors(names?: Iterable<string>): AsyncGenerator<TensorSlice>;
  /**
   * Reads exactly the slices asked for, in that order, whatever slices were saved: so any number of processes reads
   * what any number wrote, each its share. Memory is that of one slice and a window.
   * @throws CheckpointError as `tensors`; RangeError for a slice that is not inside its tensor.
   */
  slices(requests: Iterable<SliceRequest>): AsyncGenerator<TensorSlice>;
  /** For reading tensors in any order, whole, in part, or in pieces. The caller closes it. */
  openReader(): TensorReader;
}

/**
 * Opens the checkpoint in a directory and verifies everything but the bytes of its tensors.
 * @throws CheckpointError if it is not complete or is damaged; the hint names another checkpoint of the run.
 */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  return namingAlternatives(path, async () => {
    const manifest = await readManifest(path).catch((error: unknown) => explainRunDirectory(path, error));
    const state = await readState(path, manifest);
    const configYaml = await readVerified(path, CONFIG_FILE, manifest.files[CONFIG_FILE]!);
    const slices: StoredSlice[] = [];
    for (const [name, record] of Object.entries(manifest.shards)) slices.push(...(await readShard(path, name, record)));
    const specs = wholeTensors(path, slices);
    return {
      path,
      step: manifest.step,
      state,
      configYaml,
      manifest,
      specs,
      tensors: (names) => readTensors(path, slices, names),
      slices: (requests) => readSlices(path, slices, requests),
      openReader: () => new StoredTensorReader(path, slices),
    };
  });
}

/**
 * The tensors that slices make up.
 * @throws CheckpointError if those of one are not exactly that tensor.
 */
export function wholeTensors(directory: string, slices: readonly StoredSlice[]): StoredTensor[] {
  return [...groupBy(slices, ({ name }) => name)].map(([name, group]) => {
    const problem = tilingProblem(group);
    if (problem !== undefined) throw damaged(directory, problem, undefined, name);
    const [{ dtype, globalShape, file }] = group as [StoredSlice, ...StoredSlice[]];
    return { name, dtype, shape: globalShape, group: groupOfShard(file) };
  });
}

/** Reads a checkpoint to its end. @throws CheckpointError as `openCheckpoint` and `tensors`. */
export async function verifyCheckpoint(path: string): Promise<Checkpoint> {
  const checkpoint = await openCheckpoint(path);
  const tensors = checkpoint.tensors();
  while (!(await tensors.next()).done);
  return checkpoint;
}

async function* readTensors(
  directory: string,
  slices: readonly StoredSlice[],
  names?: Iterable<string>,
): AsyncGenerator<TensorSlice> {
  const wanted = names === undefined ? slices : selected(directory, slices, new Set(names));
  const reader = new StoredTensorReader(directory, wanted);
  try {
    for (const slice of wanted) yield await namingAlternatives(directory, () => reader.stored(slice));
  } finally {
    await reader.close();
  }
}

async function* readSlices(
  directory: string,
  slices: readonly StoredSlice[],
  requests: Iterable<SliceRequest>,
): AsyncGenerator<TensorSlice> {
  const reader = new StoredTensorReader(directory, slices);
  try {
    for (const request of requests) yield await namingAlternatives(directory, () => reader.slice(request));
  } finally {
    await reader.close();
  }
}

function selected(directory: string, slices: readonly StoredSlice[], names: Set<string>): StoredSlice[] {
  const wanted = slices.filter(({ name }) => names.has(name));
  const found = new Set(wanted.map(({ name }) => name));
  for (const name of names) {
    if (found.has(name)) continue;
    throw new CheckpointError(`the checkpoint ${directory} has no tensor ${name}`, {
      file: directory,
      field: name,
      hint: 'Use a checkpoint of the same model.',
    });
  }
  return wanted;
}

/** The slices of a shard. @throws CheckpointError if its header is not what was saved, or not valid. */
export async function readShard(directory: string, name: string, record: ShardRecord): Promise<StoredSlice[]> {
  const shard = await SafetensorsFile.open(join(directory, name));
  try {
    if (sha256Of(shard.headerBytes) !== record.header) {
      throw damaged(directory, `the header of ${name} is not what was saved`, shard.path);
    }
    const placements = parsePlacements(shard.metadata[PLACEMENTS_KEY], directory, shard.path);
    return shard.entries.map((entry) => {
      const sha256 = Object.hasOwn(record.tensors, entry.name) ? record.tensors[entry.name] : undefined;
      if (sha256 === undefined) throw damaged(directory, `${entry.name} has no checksum`, shard.path, entry.name);
      return { ...placementIn(directory, shard.path, entry, placements), file: name, key: entry.name, sha256 };
    });
  } finally {
    await shard.close();
  }
}

function placementIn(directory: string, file: string, entry: TensorEntry, placements: StoredPlacements): Placement {
  const dtype = dtypeOf(entry.type);
  if (dtype === undefined) throw damaged(directory, `${entry.name} has the type ${entry.type}`, file, entry.name);
  const { name, shape } = entry;
  const partial = Object.hasOwn(placements, name) ? placements[name] : undefined;
  const problem = partial === undefined ? undefined : nameProblem(partial.name);
  if (problem !== undefined) throw damaged(directory, problem, file, entry.name);
  return { dtype, shape, ...(partial ?? { name, globalShape: shape, offset: shape.map(() => 0) }) };
}

const counts = z.array(z.int().nonnegative());
const placementsSchema = z.record(
  z.string(),
  z.strictObject({ name: z.string(), globalShape: counts, offset: counts }),
) satisfies z.ZodType<StoredPlacements>;

function parsePlacements(json: string | undefined, directory: string, file: string): StoredPlacements {
  if (json === undefined) return {};
  try {
    return placementsSchema.parse(JSON.parse(json));
  } catch (cause) {
    throw new CheckpointError(`the checkpoint ${directory} is damaged: it does not tell where slices belong`, {
      file,
      cause,
    });
  }
}

/** What the trainer gave to `saveCheckpoint`. @throws CheckpointError if it is not what was saved, or of another step. */
export async function readState(directory: string, { step, files }: Manifest): Promise<unknown> {
  const file = join(directory, STATE_FILE);
  const text = await readVerified(directory, STATE_FILE, files[STATE_FILE]!);
  try {
    const saved = z.object({ step: z.unknown(), state: z.unknown() }).parse(JSON.parse(text));
    if (saved.step === step) return saved.state;
  } catch (cause) {
    throw new CheckpointError(`the checkpoint ${directory} is damaged: ${STATE_FILE} is not a state`, { file, cause });
  }
  throw damaged(directory, 'its files are of different steps', file);
}

/** A frequent slip: the directory of a run where that of a checkpoint is meant. */
async function explainRunDirectory(path: string, failure: unknown): Promise<never> {
  const newest = (await listCheckpoints(path)).findLast(({ problem }) => problem === null);
  if (newest === undefined && !(await exists(path)))
    throw new CheckpointError(`there is no checkpoint ${path}`, {
      file: path,
      hint: 'Name a checkpoint, such as runs/default/checkpoints/0000001000, or a run, such as runs/default.',
    });
  if (newest === undefined) throw failure;
  throw new CheckpointError(`${path} is a run, not a checkpoint`, { file: path, hint: `Use ${newest.path}` });
}

/** Damage is what every reader may meet: it is reported together with what to use instead. */
async function namingAlternatives<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    const good = await alternativeTo(path);
    throw error.hint === undefined || good !== undefined ? namingAlternative(error, good) : error;
  }
}

function damaged(directory: string, what: string, file?: string, field?: string): CheckpointError {
  return new CheckpointError(`the checkpoint ${directory} is damaged: ${what}`, {
    file: file ?? directory,
    ...(field !== undefined && { field }),
  });
}
