import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { beginDirectory, finishDirectory, writeFileAtomic } from '../support/atomic-files.js';
import { removeQuietly, syncFile } from '../support/durable-files.js';
import { OutputError } from '../support/errors.js';
import { asOutputErrorIfWriting, exists, systemErrorCode } from '../support/output-failures.js';
import { removeStaleTemporaries } from '../support/temporaries.js';
import { checkpointName, checkpointsDirectory } from './layout.js';
import { readMarker, shardRecord } from './manifest.js';
import { type CheckpointContent, complete, giveUp, requireWhole, type WrittenShards, writeShards } from './save.js';

/*
 * Several processes on one file system save a checkpoint together. They agree on a directory before they begin; from
 * there on they only watch that directory, so nothing that they send each other for training is disturbed:
 *
 *     process i writes   model-<i>-…, optimizer-<i>-…, syncs them, and last part-<i>.json, which lists them
 *     process 0 waits    for all parts, checks that the slices are whole tensors, writes state, configuration and the
 *                        marker, removes the parts, and renames the directory
 *     the others wait    until the directory has lost its temporary name, and look whether the checkpoint is there
 */

export interface Writer {
  /** Number of this process, from 0, and of all of them. */
  rank: number;
  world: number;
  /** What `beginSharedSave` returned in process 0. */
  directory: string;
  /** Milliseconds to wait for the other processes after the own part is written. */
  patience?: number;
  /** Ends the waiting: the other processes are known to be lost. */
  signal?: AbortSignal;
}

const DEFAULT_PATIENCE = 30 * 60_000;
/** Milliseconds between two looks at the directory: at first, and at most. */
const FIRST_LOOK = 10;
const SLOWEST_LOOK = 1000;

/**
 * Makes the directory for a save of several processes. Process 0 calls it and tells the others what it returns.
 *
 * @throws OutputError if it cannot be made
 */
export async function beginSharedSave(runDirectory: string, step: number): Promise<string> {
  const parent = checkpointsDirectory(runDirectory);
  await removeStaleTemporaries(parent);
  return beginDirectory(join(parent, checkpointName(step)), { replace: true });
}

/**
 * Saves the slices of this process as a part of a checkpoint that `world` processes write, and returns its path when it is
 * complete. State and configuration are those of process 0.
 *
 * @throws OutputError if this process or another cannot write its part, or does not in time; then no process returns, and
 *   nothing new stands under the checkpoint's name. RangeError, in process 0, if all slices are not whole tensors together.
 */
export async function saveTogether(runDirectory: string, content: CheckpointContent, writer: Writer): Promise<string> {
  const path = join(checkpointsDirectory(runDirectory), checkpointName(content.step));
  const { rank, directory } = writer;
  try {
    const own = await writePart(content, writer);
    if (rank === 0) await completeWithAll(path, content, writer);
    else await awaitCompletion(path, own, writer);
    return path;
  } catch (error) {
    if (rank === 0) await removeQuietly(directory);
    throw asOutputErrorIfWriting(error, path, directory);
  } finally {
    await giveUp(content.slices);
  }
}

const counts = z.array(z.int().nonnegative());
const partSchema = z.union([
  z.strictObject({ failure: z.string() }),
  z.strictObject({
    shards: z.record(z.string(), shardRecord),
    placements: z.array(
      z.strictObject({
        name: z.string(),
        dtype: z.enum(['f32', 'f16', 'bf16', 'i32', 'bool']),
        globalShape: counts,
        offset: counts,
        shape: counts,
      }),
    ),
  }),
]);
type Part = z.infer<typeof partSchema>;

function partName(rank: number): string {
  return `part-${String(rank).padStart(4, '0')}.json`;
}

/** Writes shards and says so; or says that it failed, so that nobody waits. */
async function writePart(content: CheckpointContent, { rank, directory }: Writer): Promise<WrittenShards> {
  const tell = (part: object) => writeFileAtomic(join(directory, partName(rank)), JSON.stringify(part));
  try {
    const written = await writeShards(directory, content, rank);
    for (const name of Object.keys(written.shards)) await syncFile(join(directory, name));
    await tell(written);
    return written;
  } catch (error) {
    await tell({ failure: error instanceof Error ? error.message : String(error) }).catch(() => {});
    throw error;
  }
}

async function completeWithAll(path: string, content: CheckpointContent, writer: Writer): Promise<void> {
  const { world, directory } = writer;
  const all: WrittenShards = { shards: {}, placements: [] };
  for (let rank = 0; rank < world; rank++) {
    const part = await eventually(() => readPart(join(directory, partName(rank))), path, writer, `process ${rank}`);
    if ('failure' in part) throw lost(path, `process ${rank} could not write its part: ${part.failure}`);
    Object.assign(all.shards, part.shards);
    all.placements.push(...part.placements);
  }
  requireWhole(all.placements);
  await complete(directory, content, all.shards);
  for (let rank = 0; rank < world; rank++) await rm(join(directory, partName(rank)));
  await finishDirectory(directory, path, { replace: true });
}

async function awaitCompletion(path: string, own: WrittenShards, writer: Writer): Promise<void> {
  await eventually(async () => ((await exists(writer.directory)) ? undefined : true), path, writer, 'process 0');
  const { shards } = await readMarker(path).catch((cause: unknown) => {
    throw lost(path, 'process 0 did not complete it', cause);
  });
  // An earlier checkpoint of the step, still there, has the same headers: only checksums of tensors tell them apart.
  const isOurs = Object.entries(own.shards).every(([name, record]) => isDeepStrictEqual(shards[name], record));
  if (!isOurs) throw lost(path, 'process 0 did not complete it');
}

/** What `look` finds, when it finds something. @throws OutputError if that takes too long. */
async function eventually<T>(
  look: () => Promise<T | undefined>,
  path: string,
  { patience = DEFAULT_PATIENCE, signal }: Writer,
  whom: string,
): Promise<T> {
  const started = performance.now();
  for (let wait = FIRST_LOOK; ; wait = Math.min(2 * wait, SLOWEST_LOOK)) {
    const found = await look();
    if (found !== undefined) return found;
    if (signal?.aborted) throw lost(path, `${whom} is waited for no longer`);
    if (performance.now() - started > patience) {
      throw lost(path, `${whom} has not done its part in ${Math.round(patience / 1000)} s`);
    }
    await pause(wait);
  }
}

async function readPart(file: string): Promise<Part | undefined> {
  try {
    return partSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function lost(path: string, what: string, cause?: unknown): OutputError {
  return new OutputError(`the checkpoint ${path} was not saved: ${what}`, {
    file: path,
    hint: 'Look at what that process reported; all of them must write to the same file system.',
    cause,
  });
}
