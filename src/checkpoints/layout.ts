import { join } from 'node:path';

/** Names within a run: `<run>/checkpoints/<step>/` with the step in ten digits, and the files of a checkpoint. */

export const STATE_FILE = 'state.json';
export const CONFIG_FILE = 'config.yaml';
/** Written last; a directory without it is no checkpoint. */
export const MARKER_FILE = 'COMPLETE';

export type ShardGroup = 'model' | 'optimizer';

/** `model-0000-0002.safetensors`: the third file of the first process. */
export function shardName(group: ShardGroup, rank: number, index: number): string {
  return `${group}-${String(rank).padStart(4, '0')}-${String(index).padStart(4, '0')}.safetensors`;
}

/** The files of a consolidated checkpoint; any other shard is of one process. */
export function consolidatedName(group: ShardGroup): string {
  return `${group}.safetensors`;
}

/** What a shard holds, by the beginning of its name. */
export function groupOfShard(name: string): ShardGroup {
  return name.startsWith('optimizer') ? 'optimizer' : 'model';
}

export function checkpointsDirectory(runDirectory: string): string {
  return join(runDirectory, 'checkpoints');
}

const STEP_DIGITS = 10;

/** @throws RangeError if the step is not an integer of at most ten digits. */
export function checkpointName(step: number): string {
  if (!Number.isInteger(step) || step < 0 || step >= 10 ** STEP_DIGITS) {
    throw new RangeError(`a checkpoint's step must be an integer of at most ten digits, got ${step}`);
  }
  return String(step).padStart(STEP_DIGITS, '0');
}

/** The step of a directory with exactly the form of a checkpoint's name; undefined for any other name. */
export function stepOfName(name: string): number | undefined {
  return /^\d{10}$/.test(name) ? Number(name) : undefined;
}
