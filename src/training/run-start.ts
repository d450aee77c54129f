import { join } from 'node:path';
import {
  type Checkpoint,
  latestCheckpoint,
  listCheckpoints,
  openCheckpoint,
  type TrainedVocabulary,
} from '../checkpoints/index.js';
import type { LoaderState } from '../data/batches.js';
import { sameShape } from '../graph/index.js';
import type { StateSlice, StateSpec } from '../plugins/contracts.js';
import { CheckpointError, ConfigError, OutputError } from '../support/errors.js';
import type { MetricsSums, Totals } from './metrics.js';
import { CONFIG_FILE, traceOfRun } from './run-directory.js';
import { forbiddenChanges, type TrainingSettings } from './settings.js';

/** Where the weights of a run come from. */
export type RunStart =
  | { kind: 'new' }
  /** A new run from the weights of a checkpoint; its optimizer and data begin anew. */
  | { kind: 'from'; checkpoint: string }
  /** Goes on exactly where a checkpoint of the same run stopped; null: the newest. */
  | { kind: 'resume'; checkpoint: string | null };

export interface StartRequest {
  start: RunStart;
  settings: TrainingSettings;
  /** Of the run. */
  directory: string;
  /** A new run may replace what stands in its directory, and a resumed one delete what comes after its checkpoint. */
  force: boolean;
  /** Reads the configuration that a checkpoint was written with. */
  readConfig(file: string): Promise<object>;
}

/** What a checkpoint says of a run beside its tensors. */
export interface RunState {
  totals: Totals;
  loader: LoaderState;
  /** What evaluation has to know of the ids. */
  vocabulary: TrainedVocabulary;
  /** Of the steps since the last line of metrics. */
  sums: MetricsSums;
  /** Figures of the last line; null: not known. */
  last: { loss: number | null; bitsPerByte: number | null };
  /** Copies of the model that trained side by side; checkpoints of before there were several do not say. */
  replicas?: number;
}

/**
 * The checkpoint that a run starts with, if any, when nothing speaks against starting so.
 *
 * @throws CheckpointError if there is none to resume from, or it is damaged; ConfigError for settings that a resumed run
 *   may not change; OutputError if checkpoints or another run would be lost
 */
export async function startingCheckpoint(request: StartRequest): Promise<Checkpoint | null> {
  const { directory, start, force } = request;
  if (start.kind === 'resume') return checkpointToResume(start.checkpoint, request);
  const existing = force ? undefined : await traceOfRun(directory);
  if (existing !== undefined)
    throw new OutputError(`${directory} holds a run already`, {
      file: existing,
      hint: 'Go on with it by --resume, choose another name, or replace it by --force.',
    });
  return start.kind === 'from' ? openCheckpoint(start.checkpoint) : null;
}

/** @throws CheckpointError if the checkpoint is not one of a run in training */
export function parseRunState(checkpoint: Checkpoint): RunState {
  if (!checkpoint.specs.some(({ group }) => group === 'optimizer'))
    throw new CheckpointError('the checkpoint holds no state of the optimizer', {
      file: checkpoint.path,
      hint: `Start a new run from its weights: --from ${checkpoint.path}`,
    });
  const state = checkpoint.state as Partial<RunState> | null;
  if (!state?.loader || !state.totals || !state.sums)
    throw new CheckpointError('the checkpoint does not say where its data stands', {
      file: checkpoint.path,
      hint: `Start a new run from its weights: --from ${checkpoint.path}`,
    });
  return state as RunState;
}

/**
 * Some tensors of a checkpoint, one at a time.
 *
 * @throws CheckpointError if the checkpoint lacks one, or has it in another shape
 */
export async function* tensorsOf(
  checkpoint: Checkpoint,
  wanted: readonly Pick<StateSpec, 'name' | 'shape'>[],
): AsyncGenerator<StateSlice> {
  const saved = new Map(checkpoint.specs.map((spec) => [spec.name, spec]));
  for (const { name, shape } of wanted) {
    const spec = saved.get(name);
    if (spec && sameShape(spec.shape, shape)) continue;
    throw new CheckpointError(
      spec
        ? `tensor ${name} is [${spec.shape}] in the checkpoint, and [${shape}] in the configured model`
        : `the checkpoint has no tensor ${name}`,
      { file: checkpoint.path, field: name, hint: `Configure the model as in ${checkpoint.path}/config.yaml.` },
    );
  }
  yield* checkpoint.tensors(wanted.map(({ name }) => name));
}

async function checkpointToResume(named: string | null, request: StartRequest): Promise<Checkpoint> {
  const { directory } = request;
  const path = named ?? (await latestCheckpoint(directory))?.path;
  if (path === undefined)
    throw new CheckpointError(`the run ${directory} has no checkpoint to resume from`, {
      file: directory,
      hint: 'Start it without --resume (with --force if it was stopped before its first checkpoint), or name another run.',
    });
  const checkpoint = await openCheckpoint(path);
  // Before what could be mended: no setting makes a checkpoint of weights alone one to go on from.
  parseRunState(checkpoint);
  await refuseChanges(checkpoint, request);
  await refuseToForget(checkpoint, request);
  return checkpoint;
}

async function refuseChanges({ step, path }: Checkpoint, { settings, readConfig }: StartRequest): Promise<void> {
  if (settings.steps < step)
    throw new ConfigError(`the run is at step ${step} already, past ${settings.steps} steps`, {
      field: 'steps',
      hint: `Ask for more than ${step} steps, or start a new run with --from ${path}.`,
    });
  const changed = forbiddenChanges(await readConfig(join(path, CONFIG_FILE)), settings);
  if (changed.length > 0)
    throw new ConfigError(`a resumed run cannot change ${changed.join(', ')}`, {
      field: changed[0]!,
      hint: `Restore the values of ${path}/config.yaml, or start a new run with --from ${path}.`,
    });
}

async function refuseToForget({ step, path }: Checkpoint, { directory, force }: StartRequest): Promise<void> {
  if (force) return;
  const later = (await listCheckpoints(directory)).filter((other) => other.step > step && !other.problem);
  const count = later.length;
  if (count > 0)
    throw new OutputError(
      `going on from step ${step} would delete ${count === 1 ? 'a newer checkpoint' : `${count} newer checkpoints`}`,
      {
        file: later[0]!.path,
        hint: `Add --force to delete ${count === 1 ? 'it' : 'them'}, or start a new run with --from ${path}.`,
      },
    );
}
