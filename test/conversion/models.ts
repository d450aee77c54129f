import { join } from 'node:path';
import { stringify } from 'yaml';
import {
  type Checkpoint,
  openCheckpoint,
  saveCheckpoint,
  type TrainedVocabulary,
} from '../../src/checkpoints/index.js';
import { type Config, loadConfigFile } from '../../src/config/index.js';
import { exportToHub, type HubExportRequest } from '../../src/conversion/index.js';
import { float32Values } from '../../src/graph/index.js';
import { createModel, type ModelOptions, modelOptions } from '../../src/models/index.js';
import { initialParameters } from '../../src/training/initialise.js';
import { RAW_LIMIT } from '../../src/vocabulary/layout.js';

/** Windows of 8 symbols, two heads of 4 features. */
export const TINY_EVABYTE = {
  architecture: 'evabyte',
  hiddenSize: 8,
  intermediateSize: 12,
  layers: 2,
  attentionHeads: 2,
  windowSize: 8,
  chunkSize: 4,
  predictionHeads: 2,
};

/** Four heads of queries share two of keys, of a width that is not hiddenSize / heads. */
export const TINY_OPENCODER = {
  architecture: 'opencoder',
  hiddenSize: 12,
  intermediateSize: 20,
  layers: 2,
  attentionHeads: 4,
  keyValueHeads: 2,
  headSize: 6,
};

export interface UntrainedRun {
  checkpoint: Checkpoint;
  config: Config;
  model: ModelOptions;
}

/** A checkpoint of a model that was never trained, with `compressed` symbols after its raw bytes. */
export async function untrainedRun(
  directory: string,
  model: object,
  { compressed = 0, seed = 1, step = 40 } = {},
): Promise<UntrainedRun> {
  const size = RAW_LIMIT + compressed;
  const options = modelOptions.parse(model);
  const vocabulary: TrainedVocabulary = {
    layout: { size, compressedOffset: RAW_LIMIT, alphabetSize: compressed, rawIncluded: true },
    compressor: 'gzip:zlib-canonical:level=9',
  };
  const configYaml = stringify({
    model,
    data: { compressor: 'gzip', mix: 'sentinel', rate: compressed > 0 ? 0.5 : 0, validation: 'validation' },
    batch: { size: 2, sequenceLength: 16 },
    backend: { threads: 1 },
  });
  const path = await saveCheckpoint(directory, {
    step,
    state: { vocabulary },
    configYaml,
    slices: initialParameters(createModel(options, { size, rawSize: RAW_LIMIT }), seed),
    isOptimizer: () => false,
  });
  const { config } = await loadConfigFile(join(path, 'config.yaml'));
  return { checkpoint: await openCheckpoint(path), config, model: options };
}

/** Exports it with settings that a test changes. */
export function exported(
  { checkpoint, config }: UntrainedRun,
  output: string,
  more: Partial<HubExportRequest> = {},
): ReturnType<typeof exportToHub> {
  const settings = { dtype: 'fp32', rawHeads: 'discard', shardBytes: 5e9, force: false } as const;
  return exportToHub({
    checkpoint,
    run: config,
    runDirectory: null,
    tokenizerFile: null,
    output,
    ...settings,
    ...more,
  });
}

/** All tensors of a checkpoint, by name. */
export async function valuesOf(checkpoint: Checkpoint): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for await (const { name, tensor } of checkpoint.tensors()) values.set(name, float32Values(tensor).slice());
  return values;
}
