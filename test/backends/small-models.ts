import type { Rematerialisation } from '../../src/data/options.js';
import { createModel, type LanguageModel, type ModelOptions, modelOptions } from '../../src/models/index.js';
import { buildInputs } from '../../src/models/inputs.js';
import type { Backend, Inputs, StateSlice } from '../../src/plugins/contracts.js';
import { initialParameters } from '../../src/training/initialise.js';
import { lossOptions, type OptimOptions, optimOptions } from '../../src/training/options.js';
import { TrainingSession } from '../../src/training/training-session.js';
import { RAW_LIMIT, RAW_OFFSET } from '../../src/vocabulary/layout.js';

/** Models with every part of the large ones, small enough for engines that compute in software. */
const SHARED = { hiddenSize: 32, intermediateSize: 64, layers: 2, attentionHeads: 2 };

export const SMALL_MODELS: Record<'EvaByte' | 'OpenCoder', ModelOptions> = {
  EvaByte: modelOptions.parse({ ...SHARED, architecture: 'evabyte', windowSize: 16, chunkSize: 4, predictionHeads: 2 }),
  OpenCoder: modelOptions.parse({ ...SHARED, architecture: 'opencoder', keyValueHeads: 1 }),
};

const ROWS = 2;
const LENGTH = 64;
const OPTIM: OptimOptions = optimOptions.parse({ learningRate: 3e-3, warmup: 0, schedule: 'constant', epsilon: 1e-8 });

export interface Steps {
  losses: number[];
  gradientNorms: number[];
  /** Parameters and moments after the last step, by name. */
  state: Map<string, StateSlice['tensor']>;
}

/** Trains a small model from the same weights on the same batches always. */
export async function trainSmall(
  backend: Backend,
  options: ModelOptions,
  steps: number,
  rematerialise: Rematerialisation = false,
): Promise<Steps> {
  const model = createModel(options, { size: RAW_LIMIT, rawSize: RAW_LIMIT });
  const session = await TrainingSession.open(backend, {
    model,
    batch: { size: ROWS, accumulation: 1, sequenceLength: LENGTH, rematerialise },
    loss: lossOptions.parse({}),
    optim: OPTIM,
  });
  await session.session.writeState(initialParameters(model, 7));
  const result: Steps = { losses: [], gradientNorms: [], state: new Map() };
  for (let step = 0; step < steps; step++) {
    const { loss, gradientNorm } = await session.step([batch(model, step)], {
      learningRate: OPTIM.learningRate,
      updateNumber: step + 1,
    });
    result.losses.push(loss);
    result.gradientNorms.push(gradientNorm);
  }
  for await (const { name, tensor } of session.snapshot()) result.state.set(name, tensor);
  await session.dispose();
  return result;
}

/** Two sequences that count up, at strides that the step decides: something to learn. */
function batch(model: LanguageModel, step: number): Inputs {
  const views = 1 + model.heads + model.rawHeads;
  const stride = LENGTH + views - 1;
  const ids = Int32Array.from({ length: ROWS * stride }, (_, i) => {
    const [row, place] = [Math.floor(i / stride), i % stride];
    return RAW_OFFSET + ((place * (1 + ((step + row) % 3)) + 5 * step) % 256);
  });
  const spec = { rows: ROWS, sequenceLength: LENGTH, views, documentMask: true, multibyteWeights: null };
  return buildInputs(spec, ids);
}
