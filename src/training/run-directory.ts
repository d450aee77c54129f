import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { listCheckpoints } from '../checkpoints/index.js';
import { checkpointsDirectory } from '../checkpoints/layout.js';
import { exists } from '../support/output-failures.js';
import { cutAfterStep, METRICS_FILE, TENSORBOARD_DIRECTORY, WANDB_ID_FILE } from './logging/index.js';

/** Names within a run's directory. */
export const CONFIG_FILE = 'config.yaml';
export const ENVIRONMENT_FILE = 'environment.json';
export const PROBE_FILE = 'probe.jsonl';
export const PROFILE_DIRECTORY = 'profile';

/** Written in the course of a run, or from its checkpoints. */
const RUN_ARTIFACTS = [
  METRICS_FILE,
  TENSORBOARD_DIRECTORY,
  WANDB_ID_FILE,
  PROBE_FILE,
  PROFILE_DIRECTORY,
  'evaluations',
  'consolidated',
] as const;

/** What shows that training has come somewhere in a directory: a checkpoint, or else a line of metrics. */
export async function traceOfRun(directory: string): Promise<string | undefined> {
  const metrics = join(directory, METRICS_FILE);
  const hasLines = (await exists(metrics)) && (await stat(metrics)).size > 0;
  return (await listCheckpoints(directory))[0]?.path ?? (hasLines ? metrics : undefined);
}

/** Removes what an earlier run left that would mix with, or be taken for, what the new one makes. */
export async function clearRun(directory: string): Promise<void> {
  for (const path of [checkpointsDirectory(directory), ...RUN_ARTIFACTS.map((name) => join(directory, name))])
    await rm(path, { recursive: true, force: true });
}

/**
 * Removes what belongs to the course that a run leaves when it goes on from a step: later checkpoints, which `--resume`
 * would go on from and retention count, and later statistics of the probe. Loggers forget by themselves.
 */
export async function forgetLater(directory: string, step: number): Promise<void> {
  for (const later of await listCheckpoints(directory))
    if (later.step > step) await rm(later.path, { recursive: true, force: true });
  await cutAfterStep(join(directory, PROBE_FILE), step);
}
