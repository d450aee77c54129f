import { byteLength, type DType } from '../graph/tensor.js';
import { createModel, type ModelOptions, vocabularySizes } from '../models/index.js';
import { CheckpointError } from '../support/errors.js';
import { groupBy } from '../support/group-by.js';
import { type Provenance, parametersOf, provenanceOf } from './consolidate.js';
import { groupOfShard, type ShardGroup } from './layout.js';
import type { Checkpoint, StoredTensor } from './open.js';
import { trainedModelOf } from './trained-model.js';
import type { TrainedVocabulary } from './trained-vocabulary.js';

/** What a checkpoint says of its model. */
export interface ModelFacts {
  options: ModelOptions;
  vocabulary: TrainedVocabulary;
  /** Symbols of a sequence in training. */
  sequenceLength: number;
  /** How documents were shown to it. */
  mix: string;
  heads: { prediction: number; raw: number };
}

/** What a checkpoint holds, as far as it tells without its tensors being read. */
export interface CheckpointFacts {
  path: string;
  step: number;
  /** Elements of the model's tensors. */
  parameters: number;
  /** Of all files. */
  bytes: number;
  files: { name: string; bytes: number /** Null: no safetensors file. */; group: ShardGroup | null; slices: number }[];
  /** Tensors of the model and of the optimizer, by the type of their elements. */
  stored: { group: ShardGroup; dtype: DType; tensors: number; bytes: number }[];
  /** Null, and why, if it does not tell what its model is. */
  model: ModelFacts | null;
  problem: string | null;
  /** What it was consolidated from; null for a checkpoint of training. */
  provenance: Provenance | null;
  tensors: readonly StoredTensor[];
}

export async function checkpointFacts(checkpoint: Checkpoint): Promise<CheckpointFacts> {
  const { path, step, specs, manifest } = checkpoint;
  const files = [
    ...Object.entries(manifest.shards).map(([name, { bytes, tensors }]) => ({
      name,
      bytes,
      group: groupOfShard(name),
      slices: Object.keys(tensors).length,
    })),
    ...Object.entries(manifest.files).map(([name, { bytes }]) => ({ name, bytes, group: null, slices: 0 })),
  ];
  return {
    path,
    step,
    parameters: parametersOf(specs),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    files,
    stored: storedTypes(specs),
    ...modelFacts(checkpoint),
    provenance: (await provenanceOf(path)) ?? null,
    tensors: specs,
  };
}

function storedTypes(specs: readonly StoredTensor[]): CheckpointFacts['stored'] {
  const groups = groupBy(specs, ({ group, dtype }) => `${group} ${dtype}`);
  return [...groups.values()].map((tensors) => {
    const [{ group, dtype }] = tensors as [StoredTensor, ...StoredTensor[]];
    const bytes = tensors.reduce((sum, { shape }) => sum + byteLength(dtype, shape), 0);
    return { group, dtype, tensors: tensors.length, bytes };
  });
}

function modelFacts(checkpoint: Checkpoint): Pick<CheckpointFacts, 'model' | 'problem'> {
  try {
    const { options, vocabulary, sequenceLength, shown } = trainedModelOf(checkpoint);
    const { heads, rawHeads } = createModel(options, vocabularySizes(vocabulary.layout.size));
    const model = {
      options,
      vocabulary,
      sequenceLength,
      mix: shown.mix,
      heads: { prediction: heads, raw: rawHeads },
    };
    return { model, problem: null };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return { model: null, problem: error.message };
  }
}
