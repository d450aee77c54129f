import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import {
  inFloat32,
  latestCheckpoint,
  openCheckpoint,
  type TrainedModel,
  trainedModelOf,
} from '../../checkpoints/index.js';
import { BYTES_PER_ELEMENT, elementCount } from '../../graph/index.js';
import { createModel, type LanguageModel, type ModelOptions, vocabularySizes } from '../../models/index.js';
import type { ByteModel } from '../../neural-coding/byte-model.js';
import { closeAll } from '../../support/close-all.js';
import { CheckpointError } from '../../support/errors.js';
import { requireRawBytes } from '../../vocabulary/vocabulary.js';
import type { Backend, Session, StateSlice, StateSpec } from '../contracts.js';
import { POSITIONS_PER_RUN } from './batching.js';
import { SessionByteModel } from './session-byte-model.js';

export interface ByteModelOptions {
  /** What computes; the built-in ONNX Runtime by default. Whoever gives one disposes of it, after the model. */
  backend?: Backend;
  /** Threads that compute; one a core by default. */
  threads?: number;
}

/**
 * Opens a trained byte model: a checkpoint of `pc train`, or weights alone as they are shipped. Such a model was trained on raw
 * bytes that follow BOS.
 *
 * @param directory of the checkpoint, or of a run: its newest one
 * @throws CheckpointError if it is damaged, or its model cannot be asked for the next byte; BackendError. Nothing is left open.
 */
export async function openByteModel(directory: string, options: ByteModelOptions = {}): Promise<ByteModel> {
  const checkpoint = await openCheckpoint((await latestCheckpoint(directory))?.path ?? directory);
  const trained = trainedModelOf(checkpoint);
  requireBytesAfterBos(trained, directory);
  const longest = exactContext(trained);
  const modelAt = (length: number): LanguageModel => modelOf(trained, length <= longest ? length : null);
  const { parameters } = modelOf(trained, null);
  const opened: (() => Promise<unknown>)[] = [];
  const dispose = () => closeAll(opened.splice(0).reverse());
  try {
    const backend = options.backend ?? (await defaultBackend());
    if (options.backend === undefined) opened.push(() => backend.dispose());
    const size = parameters.reduce((total, { shape }) => total + elementCount(shape), 0);
    const division = divideThreads(options.threads ?? availableParallelism(), size * BYTES_PER_ELEMENT.f32);
    const state = parameters.map(({ name, shape }): StateSpec => ({ name, dtype: 'f32', shape }));
    const weights = () => inFloat32(checkpoint.tensors(parameters.map(({ name }) => name)));
    const digest = createHash('sha256').update(JSON.stringify([trained.options, POSITIONS_PER_RUN]));
    const sessions: Session[] = [];
    while (sessions.length < division.sessions) {
      const session = await backend.open(state, { threads: division.threads });
      opened.push(() => session.dispose());
      await session.writeState(sessions.length === 0 ? digested(weights(), digest) : weights());
      sessions.push(session);
    }
    const engine = backend.engine ?? JSON.stringify(backend.topology.devices);
    return new SessionByteModel({
      sessions,
      modelAt,
      parameters: size,
      context: trained.sequenceLength,
      longestPrefix: longest - 1,
      fingerprint: `m1:${digest.digest('hex')}:${engine}`,
      dispose,
    });
  } catch (error) {
    await dispose().catch(() => {});
    throw error;
  }
}

/** Copies of the parameters take no more than this together, 1 GiB. */
const COPIES_BYTES = 2 ** 30;

/**
 * Sessions of one thread each, which do not wait for one another: small products divided among threads wait more than they
 * compute (docs/decisions/0205). Models whose copies would take too much memory have fewer sessions, of more threads.
 */
function divideThreads(threads: number, bytes: number): { sessions: number; threads: number } {
  const sessions = Math.max(1, Math.min(threads, Math.floor(COPIES_BYTES / bytes)));
  return { sessions, threads: Math.floor(threads / sessions) };
}

/**
 * Symbols that the model reads as a plain causal Transformer: in EVA attention, those of the first window. There, shorter
 * sequences are computed as windows of their own length, which is the same function.
 */
function exactContext({ options, sequenceLength }: TrainedModel): number {
  return options.architecture === 'evabyte' ? Math.min(options.windowSize, sequenceLength) : sequenceLength;
}

/** @param window length of a window that is the whole sequence; null: the model as it was trained */
function modelOf({ options, vocabulary }: TrainedModel, window: number | null): LanguageModel {
  const reshaped: ModelOptions =
    options.architecture === 'evabyte' && window !== null
      ? { ...options, windowSize: window, chunkSize: window }
      : options;
  return createModel(reshaped, vocabularySizes(vocabulary.layout.size));
}

function requireBytesAfterBos({ vocabulary, shown }: TrainedModel, file: string): void {
  requireRawBytes(vocabulary.layout);
  if (shown.mix === 'vanilla' && shown.addBos) return;
  throw new CheckpointError('the model cannot be asked for the byte that follows BOS: it never saw one there', {
    file,
    field: shown.addBos ? 'data.mix' : 'data.addBos',
    hint: 'Train it on raw bytes with data.mix vanilla and data.addBos true, as the preset m1-window-m does.',
  });
}

async function defaultBackend(): Promise<Backend> {
  const [{ default: builtin }, { host }] = await Promise.all([import('../builtin.js'), import('../host.js')]);
  const definition = builtin({ host }).backends![0]!;
  return definition.create(definition.options.parse({}));
}

/** Passes slices on, and adds what they are to a digest. */
async function* digested(
  slices: AsyncIterable<StateSlice>,
  digest: ReturnType<typeof createHash>,
): AsyncGenerator<StateSlice> {
  for await (const slice of slices) {
    digest.update(JSON.stringify([slice.name, slice.globalShape, slice.offset]));
    digest.update(slice.tensor.bytes);
    yield slice;
  }
}
