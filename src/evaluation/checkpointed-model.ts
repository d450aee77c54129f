import { availableParallelism } from 'node:os';
import { type Checkpoint, inFloat32, trainedVocabularyOf } from '../checkpoints/index.js';
import type { DataOptions } from '../data/options.js';
import { sameShape } from '../graph/index.js';
import {
  createModel,
  type LanguageModel,
  type ModelOptions,
  type ParameterSpec,
  vocabularySizes,
} from '../models/index.js';
import type { Backend, Compressor, Session } from '../plugins/contracts.js';
import type { PluginRegistry } from '../plugins/registry.js';
import { closeAll } from '../support/close-all.js';
import { CheckpointError } from '../support/errors.js';
import type { VocabularyLayout } from '../vocabulary/vocabulary.js';
import { requireTrainedCompressor } from './trained-compressor.js';

/** The settings of a run that say what its checkpoints hold. The project's configuration has these sections. */
export interface ModelSettings {
  model: ModelOptions;
  data: DataOptions;
  compressors: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface CheckpointedModelRequest {
  checkpoint: Checkpoint;
  /** As in the checkpoint's own configuration. */
  settings: ModelSettings;
  registry: PluginRegistry;
  /** Name and options of the backend that computes. */
  backend: { name: string } & Record<string, unknown>;
}

/** A trained model in a session that holds its parameters and nothing else. */
export interface CheckpointedModel {
  checkpoint: Checkpoint;
  model: LanguageModel;
  vocabulary: VocabularyLayout;
  /** Fingerprint of the compressor that it was trained with. */
  trainedCompressor: string;
  /**
   * That compressor, made when first asked for: who reads raw bytes alone never needs it.
   *
   * @throws CheckpointError if it makes other codes now; ConfigError, PluginError and what else making it throws
   */
  compressor(): Promise<Compressor>;
  session: Session;
  /** What its results depend on to the last bit beside its parameters: backend, options, devices, cores. */
  computedBy: string;
  dispose(): Promise<void>;
}

/**
 * Opens a session for a checkpoint and streams its parameters in, one tensor at a time.
 *
 * @throws CheckpointError if the checkpoint's tensors are not those of the model its configuration describes, or are
 *   damaged; ConfigError, PluginError, BackendError: what opening the parts throws. Nothing is left open.
 */
export async function openCheckpointedModel(request: CheckpointedModelRequest): Promise<CheckpointedModel> {
  const { checkpoint, settings, registry } = request;
  const opened: (() => Promise<unknown> | undefined)[] = [];
  const dispose = () => closeAll(opened.splice(0).reverse());
  try {
    const { layout: vocabulary, compressor: trainedCompressor } = trainedVocabularyOf(checkpoint);
    const model = createModel(settings.model, vocabularySizes(vocabulary.size));
    requireSameParameters(checkpoint, model, vocabulary);
    const backend = await openBackend(request);
    opened.push(() => backend.dispose());
    const session = await backend.open(model.parameters.map(({ name, shape }) => ({ name, dtype: 'f32', shape })));
    opened.push(() => session.dispose());
    await session.writeState(inFloat32(checkpoint.tensors(model.parameters.map(({ name }) => name))));
    const computedBy = JSON.stringify([request.backend, backend.topology.devices, availableParallelism()]);
    const makeCompressor = async () => {
      const name = settings.data.compressor;
      const compressor = await registry.createCompressor(name, settings.compressors[name]);
      opened.push(() => compressor.dispose?.());
      requireTrainedCompressor(compressor, trainedCompressor, checkpoint, '--raw-only needs no compressor.');
      return compressor;
    };
    let made: Promise<Compressor> | null = null;
    const compressor = () => {
      made ??= makeCompressor();
      return made;
    };
    return { checkpoint, model, vocabulary, trainedCompressor, compressor, session, computedBy, dispose };
  } catch (error) {
    // What failed first is what the user must hear of.
    await dispose().catch(() => {});
    throw error;
  }
}

async function openBackend({ registry, backend }: CheckpointedModelRequest): Promise<Backend> {
  const { name, ...options } = backend;
  return registry.createBackend(name, options);
}

const ANOTHER_MODEL =
  'Its config.yaml describes another model than its weights: use the files of one and the same run.';
const ANOTHER_VOCABULARY =
  'Use the compressor, its options and the vocabulary settings that the model was trained with.';

function requireSameParameters(checkpoint: Checkpoint, model: LanguageModel, vocabulary: VocabularyLayout): void {
  const saved = new Map(checkpoint.specs.map((spec) => [spec.name, spec]));
  for (const parameter of model.parameters) {
    const problem = parameterProblem(parameter, saved.get(parameter.name), vocabulary);
    if (problem === null) continue;
    throw new CheckpointError(problem.what, { file: checkpoint.path, field: parameter.name, hint: problem.hint });
  }
}

function parameterProblem(
  { name, shape, isEmbedding }: ParameterSpec,
  saved: Checkpoint['specs'][number] | undefined,
  vocabulary: VocabularyLayout,
): { what: string; hint: string } | null {
  if (saved === undefined) return { what: `the checkpoint has no tensor ${name}`, hint: ANOTHER_MODEL };
  if (saved.dtype !== 'f32' && saved.dtype !== 'f16')
    return { what: `tensor ${name} is stored as ${saved.dtype}, not as f32 or f16`, hint: ANOTHER_MODEL };
  if (sameShape(saved.shape, shape)) return null;
  if (isEmbedding && saved.shape[1] === shape[1])
    return {
      what: `the vocabulary has ${vocabulary.size} ids, but the embedding ${name} has ${saved.shape[0]} rows`,
      hint: ANOTHER_VOCABULARY,
    };
  return {
    what: `tensor ${name} is [${saved.shape}] in the checkpoint and [${shape}] in its configuration`,
    hint: ANOTHER_MODEL,
  };
}
