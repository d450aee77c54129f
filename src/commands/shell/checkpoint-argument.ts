import { basename, dirname, join, resolve } from 'node:path';
import type { Checkpoint } from '../../checkpoints/index.js';
import type { Config, FlagSetting } from '../../config/index.js';
import { CheckpointError, ConfigError, UsageError } from '../../support/errors.js';
import { flagSettings, loadCommandConfig, type ParsedConfigFlags } from './config-flags.js';
import { requirePath, runsIn } from './existing-run.js';

/** A checkpoint that a command works on. */
export interface ChosenCheckpoint {
  checkpoint: Checkpoint;
  /** The configuration that it was trained with. */
  trained: Config;
  /** The configuration of the command: the project's, or, for a checkpoint that was named, its own; flags change it. */
  config: Config;
}

/** Settings that tell where the project's run is. */
const NAMING_A_RUN = ['name', 'output'];

/**
 * The checkpoint that a command's argument names: a checkpoint, a run (its newest), or, without an argument, the newest
 * of the run that the project's configuration describes.
 *
 * @param settable settings that the command reads; others cannot be given, since the checkpoint has its own
 * @param more settings by flags of the command's own
 * @throws CheckpointError if there is none, or it is damaged; ConfigError, UsageError
 */
export async function chooseCheckpoint(
  path: string | undefined,
  flags: ParsedConfigFlags,
  settable: readonly string[],
  more: FlagSetting[],
): Promise<ChosenCheckpoint> {
  const read = path === undefined ? [...settable, ...NAMING_A_RUN] : settable;
  for (const assignment of flags.set ?? []) refuseTrainingSetting(assignment, read);
  return path === undefined ? ofProject(flags, more) : named(path, flags, more);
}

/**
 * The checkpoint at a path that the user names: of a run, its newest.
 *
 * @throws CheckpointError if nothing is there, or a run's newest is damaged
 */
export async function checkpointAt(path: string): Promise<string> {
  await requirePath(path);
  const { latestCheckpoint } = await import('../../checkpoints/index.js');
  return (await latestCheckpoint(path))?.path ?? path;
}

/**
 * The directory of the run that a checkpoint lies in, `<run>/checkpoints/<step>` or `<run>/consolidated/<step>`; null: it lies
 * in none, as what was converted, or consolidated to elsewhere.
 */
export function runOfCheckpoint(checkpoint: string): string | null {
  const parent = dirname(resolve(checkpoint));
  return FOLDERS_OF_A_RUN.includes(basename(parent)) ? join(checkpoint, '../..') : null;
}

const FOLDERS_OF_A_RUN = ['checkpoints', 'consolidated'];

async function ofProject(flags: ParsedConfigFlags, more: FlagSetting[]): Promise<ChosenCheckpoint> {
  const { config } = await loadCommandConfig(flags, more).catch(withRunsToName);
  const { loadConfigFile, runDirectory } = await import('../../config/index.js');
  const { latestCheckpoint, openCheckpoint } = await import('../../checkpoints/index.js');
  const run = runDirectory(config);
  const latest = await latestCheckpoint(run);
  if (latest === undefined)
    throw new CheckpointError(`the run ${run} has no checkpoint`, {
      file: run,
      hint: 'Train it by `pc train`, or name a checkpoint or another run.',
    });
  const { config: trained } = await loadConfigFile(join(latest.path, 'config.yaml'));
  return { checkpoint: await openCheckpoint(latest.path), trained, config };
}

/** Where the project chooses no model, there is no run to find the newest checkpoint of, but one may be named. */
async function withRunsToName(error: unknown): Promise<never> {
  if (!(error instanceof ConfigError) || error.location.field !== 'model.architecture') throw error;
  const runs = await runsIn('runs');
  throw new ConfigError('which checkpoint? No project here says which run is meant: model.architecture is not set', {
    field: 'model.architecture',
    hint:
      runs.length === 0
        ? 'Name a checkpoint or a run, or run `pc init` for a project with a small model.'
        : `Name a checkpoint, or one of the runs here: ${runs.map((run) => join('runs', run)).join(', ')}.`,
    cause: error,
  });
}

async function named(path: string, flags: ParsedConfigFlags, more: FlagSetting[]): Promise<ChosenCheckpoint> {
  if (flags.config !== undefined || flags.preset !== undefined || flags.name !== undefined)
    throw new UsageError('a checkpoint has its own configuration: --config, --preset and --name would be ignored', {
      hint: 'Change single settings by --set, or leave out the checkpoint.',
    });
  const { loadConfigFile, loadRunConfig } = await import('../../config/index.js');
  const { openCheckpoint } = await import('../../checkpoints/index.js');
  const checkpoint = await openCheckpoint(await checkpointAt(path));
  const file = join(checkpoint.path, 'config.yaml');
  const { config: trained } = await loadConfigFile(file);
  const { config } = await loadRunConfig(file, { set: flags.set ?? [], flags: [...flagSettings(flags), ...more] });
  return { checkpoint, trained, config };
}

function refuseTrainingSetting(assignment: string, settable: readonly string[]): void {
  const name = assignment.split('=', 1)[0]!.trim();
  if (settable.some((allowed) => name === allowed || name.startsWith(`${allowed}.`))) return;
  throw new UsageError(`${name} would be ignored: the checkpoint has its own`, {
    field: name,
    hint: `What can be set here: ${settable.join(', ')}.`,
  });
}
