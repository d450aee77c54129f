import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { DType } from '../graph/tensor.js';
import { CheckpointError } from '../support/errors.js';
import { groupBy } from '../support/group-by.js';
import { exists } from '../support/output-failures.js';
import { CONFIG_FILE, STATE_FILE } from './layout.js';
import { alternativeTo, listCheckpoints, namingAlternative } from './list.js';
import { readManifest, readVerified, type ShardRecord, sha256Of } from './manifest.js';
import { dtypeOf } from './safetensors/element-types.js';
import type { TensorEntry } from './safetensors/header.js';
import { SafetensorsFile } from './safetensors/reader.js';
import { PLACEMENTS_KEY, type StoredPlacements } from './shard-writer.js';
import { type Placement, type TensorSlice, tilingProblem } from './slices.js';

/** A checkpoint whose structure is sound; the bytes of tensors are verified as they are read. */
export interface Checkpoint {
  path: string;
  step: number;
  /** What the trainer gave to `saveCheckpoint`. */
  state: unknown;
  configYaml: string;
  /** All tensors, whole, in the order of the files. */
  specs: readonly { name: string; dtype: DType; shape: readonly number[] }[];
  /**
   * Reads the tensors with these names, or all, one slice at a time. A tensor that was saved in parts comes in parts.
   * @throws CheckpointError if a name is unknown or a tensor is not what was saved; the hint names another checkpoint.
   */
  tensors(names?: Iterable<string>): AsyncGenerator<TensorSlice>;
}

/** Where a slice is stored. */
interface StoredSlice extends Placement {
  file: string;
  key: string;
  sha256: string;
}

/**
 * Opens the checkpoint in a directory and verifies everything but the bytes of its tensors.
 * @throws CheckpointError if it is not complete or is damaged; the hint names another checkpoint of the run.
 */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  return namingAlternatives(path, async () => {
    const manifest = await readManifest(path).catch((error: unknown) => explainRunDirectory(path, error));
    const { step, state } = parseState(await readVerified(path, STATE_FILE, manifest.files[STATE_FILE]!), path);
    if (step !== manifest.step) throw damaged(path, 'its files are of different steps');
    const configYaml = await readVerified(path, CONFIG_FILE, manifest.files[CONFIG_FILE]!);
    const slices: StoredSlice[] = [];
    for (const [name, record] of Object.entries(manifest.shards)) slices.push(...(await readShard(path, name, record)));
    const tensors = groupBy(slices, ({ name }) => name);
    for (const group of tensors.values()) {
      const problem = tilingProblem(group);
      if (problem !== undefined) throw damaged(path, problem);
    }
    const specs = [...tensors].map(([name, [first]]) => ({ name, dtype: first!.dtype, shape: first!.globalShape }));
    return { path, step, state, configYaml, specs, tensors: (names) => readTensors(path, slices, names) };
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
  for (const [file, ofFile] of groupBy(wanted, ({ file }) => file)) {
    const shard = await namingAlternatives(directory, () => SafetensorsFile.open(join(directory, file)));
    try {
      for (const slice of ofFile) yield await namingAlternatives(directory, () => readSlice(directory, shard, slice));
    } finally {
      await shard.close();
    }
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

async function readSlice(directory: string, shard: SafetensorsFile, slice: StoredSlice): Promise<TensorSlice> {
  const { name, dtype, globalShape, offset, shape, key, sha256 } = slice;
  const hash = createHash('sha256');
  const bytes = await shard.read(key, (piece) => hash.update(piece));
  if (hash.digest('hex') !== sha256) throw damaged(directory, `tensor ${name} is not what was saved`, shard.path, name);
  return {
    name,
    dtype,
    globalShape: [...globalShape],
    offset: [...offset],
    tensor: { dtype, shape: [...shape], bytes },
  };
}

async function readShard(directory: string, name: string, record: ShardRecord): Promise<StoredSlice[]> {
  const shard = await SafetensorsFile.open(join(directory, name));
  try {
    if (sha256Of(shard.headerBytes) !== record.header) {
      throw damaged(directory, `the header of ${name} is not what was saved`, shard.path);
    }
    const placements = parsePlacements(shard.metadata[PLACEMENTS_KEY], directory, shard.path);
    return shard.entries.map((entry) => {
      const sha256 = record.tensors[entry.name];
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

function parseState(text: string, directory: string): { step: number; state: unknown } {
  try {
    const { step, state } = JSON.parse(text) as { step: number; state: unknown };
    return { step, state };
  } catch (cause) {
    throw new CheckpointError(`the checkpoint ${directory} is damaged: ${STATE_FILE} is not JSON`, {
      file: join(directory, STATE_FILE),
      cause,
    });
  }
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
