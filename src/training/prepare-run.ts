import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Checkpoint, tidyCheckpoints, trainedVocabularyOf } from '../checkpoints/index.js';
import { trainedRepresentations } from '../data/compression-schedule.js';
import { type Loader, openLoader } from '../data/loader.js';
import { trainingSources } from '../data/mixture.js';
import { requireTrainedCompressor } from '../evaluation/trained-compressor.js';
import { createModel, type LanguageModel, vocabularySizes } from '../models/index.js';
import type { Backend, Compressor } from '../plugins/contracts.js';
import type { PluginRegistry } from '../plugins/registry.js';
import { writeFileAtomic } from '../support/atomic-files.js';
import { closeAll } from '../support/close-all.js';
import { acquireLock } from '../support/directory-lock.js';
import { ConfigError } from '../support/errors.js';
import { type VocabularyLayout, vocabularyLayout } from '../vocabulary/vocabulary.js';
import { describeEnvironment } from './environment.js';
import { firstForAll } from './gather.js';
import { initialParameters } from './initialise.js';
import { type MetricsLogger, openMetricsLogger } from './logging/index.js';
import { emptySums, type MetricsSums, type Totals } from './metrics.js';
import { CONFIG_FILE, clearRun, ENVIRONMENT_FILE, forgetLater } from './run-directory.js';
import { parseRunState, type RunState, type StartRequest, startingCheckpoint, tensorsOf } from './run-start.js';
import type { TrainingSettings } from './settings.js';
import { TrainingSession } from './training-session.js';

export interface TrainingRequest extends StartRequest {
  /** The resolved configuration as text: written into the run and its checkpoints. */
  configYaml: string;
  registry: PluginRegistry;
  version: string;
  /** Told of what does not stop training. */
  onProblem(message: string): void;
}

/** A run with everything open, ready for its next step. */
export interface PreparedRun extends ModelToTrain {
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

/** A model and what its symbols mean. */
interface ModelToTrain {
  compressor: Compressor;
  layout: VocabularyLayout;
  model: LanguageModel;
}

/** Called with what ends each part that was opened, in the order of opening. */
type OnOpen = (close: () => Promise<unknown>) => void;

/**
 * Opens everything a run needs; only then it changes what an earlier run left. What was opened is closed again if
 * something fails.
 *
 * @throws OutputError if the directory is in use, or holds a run already; ConfigError for settings that contradict each
 *   other; CheckpointError, DataError, BackendError: what opening the parts throws
 */
export async function prepareRun(request: TrainingRequest): Promise<PreparedRun> {
  const { directory } = request;
  const opened: (() => Promise<unknown>)[] = [];
  const close = () => closeAll(opened.splice(0).reverse());
  try {
    return { ...(await openRun(request, (closer) => opened.push(closer))), close };
  } catch (error) {
    // What failed first is what the user must hear of.
    await close().catch(() => {});
    // A directory that was made for nothing; one with anything in it stays.
    await rmdir(directory).catch(() => {});
    throw error;
  }
}

async function openRun(request: TrainingRequest, onOpen: OnOpen): Promise<Omit<PreparedRun, 'close'>> {
  const { directory, start } = request;
  const backend = await openBackend(request, onOpen);
  await firstForAll(backend, async () => {
    const lock = await acquireLock(directory);
    onOpen(() => lock.release());
    await tidyCheckpoints(directory);
  });
  const checkpoint = await startingCheckpoint(request);
  const resumed = start.kind === 'resume' ? checkpoint : null;
  const state = resumed ? parseRunState(resumed) : null;

  const model = await openModel(request, onOpen);
  if (checkpoint !== null) compareCodes(model, checkpoint, request);
  const session = await openSession(request, backend, model.model, state && (state.replicas ?? 1), onOpen);
  await fillState(session, { model: model.model, checkpoint, resumed: resumed !== null }, request);
  const loader = await openRunLoader(request, model, backend, state);
  onOpen(() => loader.close());

  await firstForAll(backend, () => (resumed ? forgetLater(directory, resumed.step) : clearRun(directory)));
  const logger = await describeRun(request, { backend, session }, resumed);
  onOpen(() => logger.close());
  return {
    ...model,
    backend,
    session,
    loader,
    logger,
    step: resumed?.step ?? 0,
    totals: state?.totals ?? { symbols: 0, bytes: 0, documents: 0 },
    sums: state?.sums ?? emptySums(),
    last: state?.last ?? { loss: null, bitsPerByte: null },
    lastCheckpoint: resumed?.path ?? null,
  };
}

/** @throws ConfigError for settings that contradict each other; what making the compressor throws */
export async function openModel(
  { settings, registry, onProblem }: Pick<TrainingRequest, 'settings' | 'registry' | 'onProblem'>,
  onOpen: OnOpen,
): Promise<ModelToTrain> {
  const { name, options } = chosenCompressor(settings);
  const compressor = await registry.createCompressor(name, options, onProblem);
  onOpen(async () => compressor.dispose?.());
  const representations = trainedRepresentations(settings.data);
  const layout = vocabularyLayout(settings.vocabulary, compressor.alphabetSize, representations);
  const model = createModel(settings.model, vocabularySizes(layout.size));
  checkModel(model, settings);
  return { compressor, layout, model };
}

/**
 * Weights are of use for the codes they were trained on.
 *
 * @throws CheckpointError if a resumed run would go on with others; a new run from the weights is warned of them
 */
function compareCodes({ compressor, layout }: ModelToTrain, checkpoint: Checkpoint, request: TrainingRequest): void {
  const trained = trainedVocabularyOf(checkpoint);
  if (layout.alphabetSize === 0 || trained.layout.alphabetSize === 0) return;
  const { path } = checkpoint;
  if (request.start.kind === 'resume')
    requireTrainedCompressor(compressor, trained.compressor, checkpoint, `Or start a new run: --from ${path}.`);
  else if (compressor.fingerprint !== trained.compressor)
    request.onProblem(
      `the weights of ${path} were trained on codes of ${trained.compressor}; this run trains them on codes of ${compressor.fingerprint}`,
    );
}

async function openBackend({ settings, registry, onProblem }: TrainingRequest, onOpen: OnOpen): Promise<Backend> {
  const { name, ...options } = settings.backend;
  const backend = await registry.createBackend(name, options, onProblem);
  onOpen(() => backend.dispose());
  return backend;
}

async function openSession(
  { settings }: TrainingRequest,
  backend: Backend,
  model: LanguageModel,
  replicas: number | null,
  onOpen: OnOpen,
): Promise<TrainingSession> {
  const session = await TrainingSession.open(backend, { ...settings, model, replicas });
  onOpen(() => session.dispose());
  return session;
}

/** Gives the session its weights, and, where the run goes on, the optimizer's moments. */
async function fillState(
  { session, stateSpecs }: TrainingSession,
  { model, checkpoint, resumed }: { model: LanguageModel; checkpoint: Checkpoint | null; resumed: boolean },
  { settings }: TrainingRequest,
): Promise<void> {
  if (checkpoint === null) await session.writeState(initialParameters(model, settings.seed));
  else await session.writeState(tensorsOf(checkpoint, resumed ? stateSpecs : model.parameters));
}

function openRunLoader(
  { settings, registry, onProblem }: TrainingRequest,
  { model, layout }: ModelToTrain,
  { topology: { rank, world } }: Backend,
  state: RunState | null,
): Promise<Loader> {
  const { data, batch, seed, loss } = settings;
  const { name, options } = chosenCompressor(settings);
  return openLoader({
    sources: trainingSources(data),
    data,
    batch,
    seed,
    vocabulary: layout,
    inputs: {
      views: 1 + model.heads + model.rawHeads,
      documentMask: loss.documentMask,
      multibyteWeights: loss.multibyteMask
        ? {
            heads: model.heads,
            disableCrossBytePrediction: loss.disableCrossBytePrediction,
            compressedWeight: loss.weightCompressed ? loss.compressedWeight : null,
          }
        : null,
    },
    ranks: { rank, world },
    compressor: registry.compressorDescriptor(name, options),
    prefetch: data.prefetch,
    fromState: state?.loader ?? null,
    log: onProblem,
  });
}

/** Writes down what the run is, and opens the places where its figures go. */
async function describeRun(
  { settings, directory, configYaml, version, onProblem }: TrainingRequest,
  { backend, session }: Pick<PreparedRun, 'backend' | 'session'>,
  resumed: Checkpoint | null,
): Promise<MetricsLogger> {
  // What the processes of a run find, they find together: one of them writes it down.
  if (backend.topology.rank > 0) return { log: async () => {}, close: async () => {} };
  await writeFileAtomic(join(directory, CONFIG_FILE), configYaml);
  const environment = describeEnvironment(version, settings.backend.name, backend, session.replicas);
  await writeFileAtomic(join(directory, ENVIRONMENT_FILE), `${JSON.stringify(environment, null, 2)}\n`);
  return openMetricsLogger({
    options: settings.logging,
    directory,
    name: settings.name,
    config: { ...settings },
    resumedStep: resumed?.step ?? null,
    onProblem,
  });
}

function chosenCompressor({ data, compressors }: TrainingSettings) {
  return { name: data.compressor, options: compressors[data.compressor] ?? {} };
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
