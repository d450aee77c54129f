import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../support/errors.js';
import { exists } from '../../support/output-failures.js';
import { listDataFiles } from '../data-files.js';
import { recordBlocks } from './blocks.js';
import type { FinishedShard } from './manifest.js';
import type { PreprocessOptions } from './options.js';
import { filesOfPart } from './plan.js';
import { checksumOf } from './shard-file.js';
import type { WorkerPool } from './worker-pool.js';
import type { Workplace } from './workplace.js';

/**
 * Looks whether the finished shards of this process's part are still what was written, and verifies those that were not
 * verified before, if that is asked for. A damaged shard is forgotten, with those that continue it, to be made again.
 *
 * @returns how many were damaged
 * @throws DataError, CompressorError: what `verifyShard` throws
 */
export async function checkShards(
  place: Workplace,
  pool: WorkerPool,
  { part, verify, signal, log }: PreprocessOptions,
): Promise<number> {
  let damaged = 0;
  for (const { name: input } of filesOfPart(place.plan.input, part)) {
    let broken = false;
    for (const shard of place.shardsOf(input)) {
      broken ||= !(await isIntact(place, shard, signal));
      if (broken) {
        log?.(`${join(place.output, shard.name)} is missing or damaged; it is made again`);
        await place.forget(shard);
        damaged++;
      } else if (verify && !shard.verified) {
        await verifyShard(place, shard, pool, signal);
        await place.record({ ...shard, verified: true });
      }
    }
  }
  return damaged;
}

async function isIntact({ output }: Workplace, shard: FinishedShard, signal?: AbortSignal): Promise<boolean> {
  const path = join(output, shard.name);
  if (!(await exists(path)) || (await stat(path)).size !== shard.bytes) return false;
  return (await checksumOf(path, signal)) === shard.sha256;
}

/**
 * Decodes all codes of a shard on the disk, and compares them with its texts. A shard that fails is deleted.
 *
 * @throws DataError or CompressorError for the first record that is not as it should be
 */
export async function verifyShard(
  { output }: Workplace,
  shard: FinishedShard,
  pool: WorkerPool,
  signal?: AbortSignal,
): Promise<void> {
  const path = join(output, shard.name);
  const found = { documents: 0, empty: 0 };
  try {
    const [file] = await listDataFiles(path);
    const checked = pool.inOrder(
      recordBlocks(file!),
      (block) => block,
      (block) => pool.verify({ block }),
    );
    for await (const { result } of checked) {
      signal?.throwIfAborted();
      found.documents += result.documents;
      found.empty += result.empty;
    }
    if (found.documents !== shard.documents || found.empty !== shard.empty)
      throw new DataError(
        `the shard has ${found.documents} documents and ${found.empty} empty records, not ${shard.documents} and ${shard.empty}`,
        { file: path, hint: 'The disk or the program is at fault: make the shard again.' },
      );
  } catch (error) {
    if (signal?.aborted !== true) await rm(path, { force: true });
    throw error;
  }
}
