import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../support/atomic-files.js';
import { acquireLock, type DirectoryLock, requireUnlocked } from '../../support/directory-lock.js';
import { removeQuietly } from '../../support/durable-files.js';
import { OutputError } from '../../support/errors.js';
import { exists, systemErrorCode } from '../../support/output-failures.js';
import { removeStaleTemporaries } from '../../support/temporaries.js';
import { MANIFEST } from '../dataset-writer.js';
import {
  checked,
  type FinishedShard,
  finishedShard,
  holdsPreprocessed,
  type PreprocessedManifest,
  type PreprocessPlan,
  preprocessedDataset,
  preprocessPlan,
  readJson,
  readPreprocessedManifest,
} from './manifest.js';
import type { Part, PreprocessOptions } from './options.js';
import { inputDifference, requireSamePlan, unchangedFiles } from './plan.js';

/** Folder within an output that lacks shards; it goes when the last is there, and the manifest takes its place. */
const UNFINISHED = 'unfinished';

/**
 * An output while it is worked on. It is in one of two states:
 *
 *     complete    shards, manifest.json
 *     unfinished  finished shards, unfinished/plan.json          what all processes agreed upon
 *                                  unfinished/shards/<name>.json what is known of each finished shard
 *                                  unfinished/parts/<i>-of-<n>/  locks of the processes at work
 *
 * A shard gets its name when it is complete and on the disk, and counts as finished when its description is there as
 * well. Processes that share the work write different shards; whoever finds all of them finished writes the manifest,
 * which is a function of the plan and the shards, so that it does not matter if two do.
 */
export class Workplace {
  private constructor(
    readonly output: string,
    /** All that decides which bytes are written. */
    private agreed: PreprocessPlan,
    private readonly lock: DirectoryLock,
    private readonly isAlone: boolean,
    private readonly shards: FinishedShards,
    private complete: boolean,
  ) {}

  /**
   * Takes a part of the work on an output, to begin it or to go on with it. Shards of files that changed since are
   * forgotten.
   *
   * @throws OutputError if the folder holds anything else, was begun with another plan, cannot be written to, or another
   *   process has the same part or another division of it; DataError if its descriptions are damaged
   */
  static async open(
    output: string,
    plan: PreprocessPlan,
    { part, force, log }: Pick<PreprocessOptions, 'part' | 'force' | 'log'>,
  ): Promise<Workplace> {
    await requireOurs(output);
    if (!force) await begunPlan(output, plan, part);
    const parts = join(output, UNFINISHED, 'parts');
    const own = `${part.index}-of-${part.count}`;
    const lock = await acquireLock(join(parts, own));
    try {
      for (const other of await namesIn(parts))
        if (!other.endsWith(`-of-${part.count}`)) await requireUnlocked(join(parts, other), join(parts, own));
      if (force) await clear(output);
      // Again, under the lock: another process may have begun or finished it in the meantime.
      const begun = await begunPlan(output, plan, part);
      if (begun === null && part.count === 1) await clear(output);
      await removeStaleTemporaries(output);
      const manifest = await readPreprocessedManifest(output);
      const shards = manifest?.files ?? (await readDescriptions(output));
      const found = new FinishedShards(shards);
      const place = new Workplace(output, begun ?? plan, lock, part.count === 1, found, manifest !== null);
      await place.agree(plan, log);
      return place;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  get plan(): PreprocessPlan {
    return this.agreed;
  }

  /** The finished shards of a file of the input, in order: those that follow each other from the first on. */
  shardsOf(input: string): FinishedShard[] {
    return this.shards.of(input);
  }

  /** All finished shards, in the order of the input's files. */
  get finished(): FinishedShard[] {
    return this.plan.input.flatMap(({ name }) => this.shardsOf(name));
  }

  /** Whether all shards of a file are finished. */
  isDone(input: string): boolean {
    return this.shardsOf(input).at(-1)?.last === true;
  }

  /** Writes down that a shard, which stands under its name, is finished; or that more is known of it. */
  async record(shard: FinishedShard): Promise<void> {
    await this.reopen();
    await writeFileAtomic(descriptionFile(this.output, shard.name), asJson(shard));
    this.shards.add(shard);
  }

  /** Forgets a finished shard that is damaged, and deletes it. */
  async forget(shard: FinishedShard): Promise<void> {
    await this.reopen();
    this.shards.delete(shard);
    await rm(descriptionFile(this.output, shard.name), { force: true });
    await rm(join(this.output, shard.name), { force: true });
  }

  /** Writes the manifest if all shards of all parts are finished; null if some are missing. */
  async merge(): Promise<PreprocessedManifest | null> {
    if (!this.complete) for (const shard of await readDescriptions(this.output)) this.shards.add(shard);
    // Another process may have merged them while they were read.
    const merged = await readPreprocessedManifest(this.output);
    if (merged !== null) return merged;
    if (!this.plan.input.every(({ name }) => this.isDone(name))) return null;
    const manifest = preprocessedDataset(this.plan, this.finished);
    await writeFileAtomic(join(this.output, MANIFEST), asJson(manifest));
    this.complete = true;
    return manifest;
  }

  async close(): Promise<void> {
    await this.lock.release();
    // Once there is a manifest, nobody reads these any more; and what was begun for nothing leaves no trace.
    const isForNothing = this.isAlone && !this.complete && this.shards.all.length === 0;
    if (isForNothing || this.complete || (await exists(join(this.output, MANIFEST))))
      await removeQuietly(join(this.output, UNFINISHED));
    // One with anything in it stays.
    if (isForNothing) await rmdir(this.output).catch(() => {});
  }

  /** Takes a plan that may be for another state of the input. */
  private async agree(plan: PreprocessPlan, log?: (message: string) => void): Promise<void> {
    const unchanged = unchangedFiles(this.agreed.input, plan.input);
    const stale = this.shards.all.filter(({ input }) => !unchanged.has(input));
    // Forgotten first: killed in between, the next run finds the same difference.
    for (const shard of stale) await this.forget(shard);
    if (stale.length > 0)
      log?.(`${this.output}: ${stale.length} shards are of files that changed since, and are deleted`);
    const isSame = JSON.stringify(this.agreed) === JSON.stringify(plan);
    if (this.complete && isSame) return;
    this.agreed = plan;
    await this.reopen();
    await writeFileAtomic(planFile(this.output), asJson(plan));
  }

  /** A complete dataset that changes is unfinished first, so that no manifest speaks of shards that are not there. */
  private async reopen(): Promise<void> {
    if (!this.complete) return;
    await writeFileAtomic(planFile(this.output), asJson(this.plan));
    for (const shard of this.shards.all) {
      // Another process may know more already.
      const file = descriptionFile(this.output, shard.name);
      if (!(await exists(file))) await writeFileAtomic(file, asJson(shard));
    }
    await rm(join(this.output, MANIFEST), { force: true });
    this.complete = false;
  }
}

/** Finished shards by the file of the input that they come from, and which piece of it each is. */
class FinishedShards {
  private readonly byInput = new Map<string, Map<number, FinishedShard>>();

  constructor(shards: readonly FinishedShard[]) {
    for (const shard of shards) this.add(shard);
  }

  get all(): FinishedShard[] {
    return [...this.byInput.values()].flatMap((pieces) => [...pieces.values()]);
  }

  /** Those of a file that follow each other from the first on. */
  of(input: string): FinishedShard[] {
    const pieces = this.byInput.get(input);
    const found: FinishedShard[] = [];
    for (let shard = pieces?.get(1); shard !== undefined; shard = pieces?.get(shard.piece + 1)) found.push(shard);
    return found;
  }

  add(shard: FinishedShard): void {
    const pieces = this.byInput.get(shard.input);
    if (pieces === undefined) this.byInput.set(shard.input, new Map([[shard.piece, shard]]));
    else pieces.set(shard.piece, shard);
  }

  delete({ input, piece }: FinishedShard): void {
    this.byInput.get(input)?.delete(piece);
  }
}

/** Whether preprocessing has begun here and not ended. */
export async function isUnfinished(folder: string): Promise<boolean> {
  return !(await exists(join(folder, MANIFEST))) && (await exists(planFile(folder)));
}

async function requireOurs(output: string): Promise<void> {
  const names = await visibleNames(output);
  if (names.length === 0 || names.includes(UNFINISHED) || (await holdsPreprocessed(output))) return;
  throw new OutputError(`${output} does not hold preprocessed data, so nothing is written there`, {
    file: output,
    hint: 'Choose another output, or move it away.',
  });
}

/**
 * The plan that an output was begun with; null if nothing was. Shards without a plan are left by a run that was killed
 * while it deleted them: one of several processes cannot delete the rest, since another may just have begun.
 */
async function begunPlan(output: string, plan: PreprocessPlan, part: Part): Promise<PreprocessPlan | null> {
  // Listed first: whoever writes shards has written the plan before.
  const names = await visibleNames(output);
  const begun = (await readPreprocessedManifest(output))?.madeBy ?? (await readPlan(output));
  if (begun !== null) {
    requireSamePlan(begun, plan, output);
    if (part.count > 1) requireSameInput(begun, plan, output);
    // What a manifest says beside it is no part of it.
    return preprocessPlan.parse(begun);
  }
  const rest = names.find((name) => name !== UNFINISHED);
  if (rest !== undefined && part.count > 1)
    throw new OutputError(`${output} has files that belong to no plan, such as ${rest}`, {
      file: output,
      hint: 'They were left when another dataset was replaced: delete them.',
    });
  return null;
}

function requireSameInput(begun: PreprocessPlan, plan: PreprocessPlan, output: string): void {
  const { before, now } = inputDifference(begun.input, plan.input);
  if (before === now) return;
  throw new OutputError(`${output} was begun with another input: ${before}, now ${now}`, {
    file: output,
    hint: 'Bring it up to date by one process, without --shard-count, or delete it.',
  });
}

async function visibleNames(folder: string): Promise<string[]> {
  return (await namesIn(folder)).filter((name) => !name.startsWith('.'));
}

async function readPlan(output: string): Promise<PreprocessPlan | null> {
  const value = await readJson(planFile(output));
  return value === undefined ? null : checked(preprocessPlan, value, planFile(output));
}

async function readDescriptions(output: string): Promise<FinishedShard[]> {
  const folder = join(output, UNFINISHED, 'shards');
  const shards: FinishedShard[] = [];
  for (const name of (await visibleNames(folder)).sort()) {
    const value = await readJson(join(folder, name));
    // Deleted in between: another process has merged them.
    if (value !== undefined) shards.push(checked(finishedShard, value, join(folder, name)));
  }
  return shards;
}

/** Removes everything but the locks. */
async function clear(output: string): Promise<void> {
  // First what says that it is complete: killed in between, the rest is the beginning of something unfinished.
  await rm(join(output, MANIFEST), { force: true });
  for (const name of await namesIn(output))
    if (name !== UNFINISHED) await rm(join(output, name), { recursive: true, force: true });
  await rm(join(output, UNFINISHED, 'shards'), { recursive: true, force: true });
  await rm(planFile(output), { force: true });
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    if (systemErrorCode(error) === 'ENOTDIR')
      throw new OutputError(`${folder} is a file, not a folder`, { file: folder, hint: 'Choose another output.' });
    throw error;
  }
}

const planFile = (output: string): string => join(output, UNFINISHED, 'plan.json');

const descriptionFile = (output: string, shard: string): string => join(output, UNFINISHED, 'shards', `${shard}.json`);

const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
