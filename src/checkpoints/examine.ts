import { join } from 'node:path';
import { sameShape } from '../graph/tensor.js';
import { createModel, vocabularySizes } from '../models/index.js';
import { CheckpointError, PcError } from '../support/errors.js';
import { CONFIG_FILE, STATE_FILE } from './layout.js';
import { type Manifest, readMarker, readVerified, sizeProblem } from './manifest.js';
import { readShard, readState, type StoredTensor, wholeTensors } from './open.js';
import { type StoredSlice, StoredTensorReader } from './tensor-reader.js';
import { trainedModelOf } from './trained-model.js';

/** Something that is wrong with a checkpoint. */
export interface Damage {
  /** The file that it is in, as a path. */
  file: string;
  /** The tensor, where it is one. */
  tensor: string | null;
  what: string;
}

export interface Examination {
  path: string;
  /** Null where not even the marker can be read. */
  step: number | null;
  files: number;
  tensors: number;
  /** Of tensors, that were read and are what was saved. */
  bytes: number;
  damage: Damage[];
}

export interface ExamineOptions {
  signal: AbortSignal;
  /** Bytes of files that were read, of all. */
  onProgress(done: number, total: number): void;
}

/**
 * Reads all of a checkpoint and lists everything that is wrong with it, where `verifyCheckpoint` stops at the first:
 * marker, sizes and checksums of files, headers, every tensor, that slices are whole tensors, that state and
 * configuration can be read, and that the tensors are those of the model that they describe.
 *
 * @throws the signal's reason
 */
export async function examineCheckpoint(path: string, options: ExamineOptions): Promise<Examination> {
  const damage: Damage[] = [];
  const note = async <T>(file: string, work: () => Promise<T> | T): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PcError)) throw error;
      const { file: at = file, field = null } = error.location;
      // Which checkpoint it is goes without saying here.
      const what = error.message.replace(`the checkpoint ${path} is damaged: `, '');
      damage.push({ file: at, tensor: field, what });
      return undefined;
    }
  };
  const manifest = await note(path, () => readMarker(path));
  if (manifest === undefined) return { path, step: null, files: 0, tensors: 0, bytes: 0, damage };

  const state = await note(join(path, STATE_FILE), () => readState(path, manifest));
  const texts = new Map<string, string>();
  for (const [name, record] of Object.entries(manifest.files)) {
    if (name === STATE_FILE) continue;
    const text = await note(join(path, name), () => readVerified(path, name, record));
    if (text !== undefined) texts.set(name, text);
  }
  const slices: StoredSlice[] = [];
  for (const [name, record] of Object.entries(manifest.shards)) {
    const file = join(path, name);
    const problem = await sizeProblem(path, name, record.bytes);
    if (problem !== undefined) damage.push({ file, tensor: null, what: `${name} ${problem}` });
    else slices.push(...((await note(file, () => readShard(path, name, record))) ?? []));
  }
  const bytes = await readAll(path, slices, manifest, options, note);
  if (damage.length === 0) {
    // What shards say of each other makes sense only if all of them could be read.
    const specs = await note(path, () => wholeTensors(path, slices));
    const configYaml = texts.get(CONFIG_FILE)!;
    await note(path, () => requireModelOf({ path, state, configYaml }, specs ?? []));
  }
  const tensors = new Set(slices.map(({ name }) => name)).size;
  const files = Object.keys(manifest.files).length + Object.keys(manifest.shards).length;
  return { path, step: manifest.step, files, tensors, bytes, damage };
}

/** Reads every slice against its checksum; returns the bytes that are what was saved. */
async function readAll(
  path: string,
  slices: readonly StoredSlice[],
  { shards }: Manifest,
  { signal, onProgress }: ExamineOptions,
  note: <T>(file: string, work: () => Promise<T>) => Promise<T | undefined>,
): Promise<number> {
  const total = Object.values(shards).reduce((sum, { bytes }) => sum + bytes, 0);
  let [done, good] = [0, 0];
  const reader = new StoredTensorReader(path, slices);
  try {
    for (const slice of slices) {
      const read = await note(join(path, slice.file), async () => {
        let bytes = 0;
        for await (const piece of reader.storedPieces(slice)) {
          signal.throwIfAborted();
          bytes += piece.byteLength;
          onProgress(done + bytes, total);
        }
        return bytes;
      });
      good += read ?? 0;
      done += read ?? 0;
    }
    return good;
  } finally {
    await reader.close();
  }
}

/** @throws CheckpointError if the checkpoint does not say what its model is, or lacks a parameter of it */
function requireModelOf(
  checkpoint: { path: string; state: unknown; configYaml: string },
  specs: readonly StoredTensor[],
): void {
  const { options, vocabulary } = trainedModelOf(checkpoint);
  const saved = new Map(specs.map((spec) => [spec.name, spec]));
  for (const { name, shape } of createModel(options, vocabularySizes(vocabulary.layout.size)).parameters) {
    const found = saved.get(name);
    if (found !== undefined && sameShape(found.shape, shape)) continue;
    const what =
      found === undefined
        ? `the tensor ${name} of its model is missing`
        : `tensor ${name} is [${found.shape}], and [${shape}] in the model that ${CONFIG_FILE} describes`;
    throw new CheckpointError(what, { file: checkpoint.path, field: name });
  }
}
