import { rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Checkpoint,
  latestCheckpoint,
  listCheckpoints,
  openCheckpoint,
  tidyCheckpoints,
} from '../checkpoints/index.js';
import { checkpointsDirectory } from '../checkpoints/layout.js';
import type { LoaderState } from '../data/batches.js';
import { trainedRepresentations } from '../data/compression-schedule.js';
import { type Loader, openLoader } from '../data/loader.js';
import { trainingSources } from '../data/mixture.js';
import { sameShape } from '../graph/index.js';
import { createModel, type LanguageModel, vocabularySizes } from '../models/index.js';
import type { Backend, Compressor, StateSlice } from '../plugins/contracts.js';
import type { PluginRegistry } from '../plugins/registry.js';
import { writeFileAtomic } from '../support/atomic-files.js';
import { closeAll } from '../support/close-all.js';
import { acquireLock } from '../support/directory-lock.js';
import { CheckpointError, ConfigError, OutputError, TrainingError } from '../support/errors.js';
import { exists } from '../support/output-failures.js';
import { type VocabularyLayout, vocabularyLayout } from '../vocabulary/vocabulary.js';
import { describeEnvironment } from './environment.js';
import { initialParameters } from './initialise.js';
import {
  METRICS_FILE,
  type MetricsLogger,
  openMetricsLogger,
  TENSORBOARD_DIRECTORY,
  WANDB_ID_FILE,
} from './logging/index.js';
import { emptySums, type MetricsSums, type Totals } from './metrics.js';
import { forbiddenChanges, type TrainingSettings } from './settings.js';
import { TrainingSession } from './training-session.js';

/** Names within a run's directory. */
const CONFIG_FILE = 'config.yaml';
const ENVIRONMENT_FILE = 'environment.json';
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
] as const;

/** Where the weights of a run come from. */
export type RunStart =
  | { kind: 'new' }
  /** A new run from the weights of a checkpoint; its optimizer and data begin anew. */
  | { kind: 'from'; checkpoint: string }
  /** Goes on exactly where a checkpoint of the same run stopped; null: the newest. */
  | { kind: 'resume'; checkpoint: string | null };

export interface TrainingRequest {
  settings: TrainingSettings;
  /** The resolved configuration as text: written into the run and its checkpoints. */
  configYaml: string;
  /** Reads the configuration that a checkpoint was written with. */
  readConfig(file: string): Promise<object>;
  directory: string;
  registry: PluginRegistry;
  start: RunStart;
  /** A new run may replace what stands in its directory. */
  force: boolean;
  version: string;
  /** Told of what does not stop training. */
  onProblem(message: string): void;
}

/** What a checkpoint says of a run beside its tensors. */
export interface RunState {
  totals: Totals;
  loader: LoaderState;
  /** Of the steps since the last line of metrics. */
  sums: MetricsSums;
  /** Figures of the last line; null: not known. */
  last: { loss: number | null; bitsPerByte: number | null };
}

/** A run with everything open, ready for its next step. */
export interface PreparedRun {
  model: LanguageModel;
  layout: VocabularyLayout;
  compressor: Compressor;
  backend: Backend;
  session: TrainingSession;
  loader: Loader;
  logger: MetricsLogger;
  /** Steps done. */
  step: number;
  totals: Totals;
  /** Of the steps since the last line of metrics. */
  sums: MetricsSums;
  last: RunState['last'];
  /** Newest complete checkpoint, if there is one. */
  lastCheckpoint: string | null;
  close(): Promise<void>;
}

/**
 * Opens everything a run needs. What was opened is closed again if something fails.
 *
 * @throws OutputError if the directory is in use, or holds a run already; ConfigError for settings that contradict each
 *   other; CheckpointError, DataError, BackendError: what opening the parts throws
 */
export async function prepareRun(request: TrainingRequest): Promise<PreparedRun> {
  const { settings, directory, registry, start } = request;
  const opened: (() => Promise<unknown>)[] = [];
  const close = () => closeAll(opened.splice(0).reverse());
  try {
    const lock = await acquireLock(directory);
    opened.push(() => lock.release());
    await tidyCheckpoints(directory);
    const checkpoint = await startingCheckpoint(request);
    const name = settings.data.compressor;
    const options = settings.compressors[name] ?? {};
    const compressor = await registry.createCompressor(name, options, request.onProblem);
    opened.push(async () => compressor.dispose?.());
    const layout = vocabularyLayout(
      settings.vocabulary,
      compressor.alphabetSize,
      trainedRepresentations(settings.data),
    );
    const model = createModel(settings.model, vocabularySizes(layout.size));
    checkModel(model, settings);

    const { name: backendName, ...backendOptions } = settings.backend;
    const backend = await registry.createBackend(backendName, backendOptions);
    opened.push(() => backend.dispose());
    const session = await TrainingSession.open(backend, { ...settings, model });
    opened.push(() => session.dispose());
    const resumed = start.kind === 'resume' ? checkpoint : null;
    if (checkpoint)
      await session.session.writeState(restored(checkpoint, session, resumed ? 'all' : 'parameters', model));
    else await session.session.writeState(initialParameters(model, settings.seed));
    const state = resumed ? parseRunState(resumed) : null;

    const { rank, world } = backend.topology;
    const loader = await openLoader({
      sources: trainingSources(settings.data),
      data: settings.data,
      batch: settings.batch,
      seed: settings.seed,
      vocabulary: layout,
      inputs: {
        views: 1 + model.heads + model.rawHeads,
        documentMask: settings.loss.documentMask,
        multibyteWeights: settings.loss.multibyteMask
          ? {
              heads: model.heads,
              disableCrossBytePrediction: settings.loss.disableCrossBytePrediction,
              compressedWeight: settings.loss.weightCompressed ? settings.loss.compressedWeight : null,
            }
          : null,
      },
      ranks: { rank, world },
      compressor: registry.compressorDescriptor(name, options),
      prefetch: settings.data.prefetch,
      fromState: state?.loader ?? null,
      log: request.onProblem,
    });
    opened.push(() => loader.close());

    if (resumed) await removeLaterCheckpoints(directory, resumed.step);
    else await removeRun(directory);
    await writeFileAtomic(join(directory, CONFIG_FILE), request.configYaml);
    const environment = describeEnvironment(request.version, backendName, backend);
    await writeFileAtomic(join(directory, ENVIRONMENT_FILE), `${JSON.stringify(environment, null, 2)}\n`);
    const logger = await openMetricsLogger({
      options: settings.logging,
      directory,
      name: settings.name,
      config: { ...settings },
      resumedStep: resumed?.step ?? null,
      onProblem: request.onProblem,
    });
    opened.push(() => logger.close());
    return {
      model,
      layout,
      compressor,
      backend,
      session,
      loader,
      logger,
      step: resumed?.step ?? 0,
      totals: state?.totals ?? { symbols: 0, bytes: 0, documents: 0 },
      sums: state?.sums ?? emptySums(),
      last: state?.last ?? { loss: null, bitsPerByte: null },
      lastCheckpoint: resumed?.path ?? null,
      close,
    };
  } catch (error) {
    // What failed first is what the user must hear of.
    await close().catch(() => {});
    // A directory that was made for nothing; one with anything in it stays.
    await rmdir(directory).catch(() => {});
    throw error;
  }
}

/** The checkpoint that a run starts with, if any. */
async function startingCheckpoint(request: TrainingRequest): Promise<Checkpoint | null> {
  const { directory, start, settings, force } = request;
  if (start.kind === 'resume') {
    const path = start.checkpoint ?? (await latestCheckpoint(directory))?.path;
    if (path === undefined)
      throw new CheckpointError(`the run ${directory} has no checkpoint to resume from`, {
        file: directory,
        hint: 'Start it without --resume (with --force if it was stopped before its first checkpoint), or name another run.',
      });
    const checkpoint = await openCheckpoint(path);
    if (settings.steps < checkpoint.step)
      throw new ConfigError(`the run is at step ${checkpoint.step} already, past ${settings.steps} steps`, {
        field: 'steps',
        hint: `Ask for more than ${checkpoint.step} steps, or start a new run with --from ${path}.`,
      });
    const changed = forbiddenChanges(await request.readConfig(join(path, CONFIG_FILE)), settings);
    if (changed.length > 0)
      throw new ConfigError(`a resumed run cannot change ${changed.join(', ')}`, {
        field: changed[0]!,
        hint: `Restore the values of ${path}/config.yaml, or start a new run with --from ${path}.`,
      });
    const abandoned = (await listCheckpoints(directory)).filter(
      ({ step, problem }) => step > checkpoint.step && !problem,
    );
    if (abandoned.length > 0 && !force)
      throw new OutputError(
        `going on from step ${checkpoint.step} would delete ${abandoned.length} newer checkpoints`,
        {
          file: abandoned[0]!.path,
          hint: `Add --force to delete them, or start a new run with --from ${path}.`,
        },
      );
    return checkpoint;
  }
  const existing = force ? undefined : await traceOfRun(directory);
  if (existing !== undefined)
    throw new OutputError(`${directory} holds a run already`, {
      file: existing,
      hint: 'Go on with it by --resume, choose another name, or replace it by --force.',
    });
  return start.kind === 'from' ? openCheckpoint(start.checkpoint) : null;
}

/** What shows that training has come somewhere in a directory: a checkpoint, or else a line of metrics. */
async function traceOfRun(directory: string): Promise<string | undefined> {
  const metrics = join(directory, METRICS_FILE);
  const hasLines = (await exists(metrics)) && (await stat(metrics)).size > 0;
  return (await listCheckpoints(directory))[0]?.path ?? (hasLines ? metrics : undefined);
}

/** What an earlier run left that would mix with, or be taken for, what the new one makes. */
async function removeRun(directory: string): Promise<void> {
  for (const path of [checkpointsDirectory(directory), ...RUN_ARTIFACTS.map((name) => join(directory, name))])
    await rm(path, { recursive: true, force: true });
}

/** Checkpoints of a course that a resumed run does not take: `--resume` would go on from them, and retention count them. */
async function removeLaterCheckpoints(directory: string, step: number): Promise<void> {
  for (const later of await listCheckpoints(directory))
    if (later.step > step) await rm(later.path, { recursive: true, force: true });
}

function checkModel(model: LanguageModel, { batch, loss }: TrainingSettings): void {
  if (batch.sequenceLength % model.lengthMultiple !== 0)
    throw new ConfigError(
      `batch.sequenceLength ${batch.sequenceLength} is no multiple of the model's window ${model.lengthMultiple}`,
      {
        field: 'batch.sequenceLength',
        hint: `Choose a multiple of model.windowSize, such as ${Math.ceil(batch.sequenceLength / model.lengthMultiple) * model.lengthMultiple}.`,
      },
    );
  if (model.rawHeads > 0 && loss.multibyteMask)
    throw new ConfigError('raw heads weigh predictions by themselves; loss.multibyteMask would do it again', {
      field: 'loss.multibyteMask',
      hint: 'Set loss.multibyteMask to false, or model.rawHeads to 0.',
    });
}

/** The tensors of a checkpoint that the session takes, checked against what it needs. */
async function* restored(
  checkpoint: Checkpoint,
  session: TrainingSession,
  what: 'all' | 'parameters',
  model: LanguageModel,
): AsyncGenerator<StateSlice> {
  const saved = new Map(checkpoint.specs.map((spec) => [spec.name, spec]));
  const wanted = what === 'all' ? session.stateSpecs : model.parameters;
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

function parseRunState(checkpoint: Checkpoint): RunState {
  const state = checkpoint.state as Partial<RunState> | null;
  if (!state?.loader || !state.totals || !state.sums)
    throw new CheckpointError('the checkpoint does not say where its data stands', {
      file: checkpoint.path,
      hint: `Start a new run from its weights: --from ${checkpoint.path}`,
    });
  return state as RunState;
}

/** Refuses to train on numbers that are not finite, and says what to go on from. */
export function requireFinite(step: number, values: Record<string, number>, lastCheckpoint: string | null): void {
  const bad = Object.entries(values).find(([, value]) => !Number.isFinite(value));
  if (!bad) return;
  throw new TrainingError(`the ${bad[0]} of step ${step} is ${bad[1]}; training stops`, {
    hint: lastCheckpoint
      ? `The last good checkpoint is ${lastCheckpoint}. Go on from it with a lower optim.learningRate: --from ${lastCheckpoint}`
      : 'There is no checkpoint yet. Lower optim.learningRate, lengthen optim.warmup, or look at the data.',
  });
}
