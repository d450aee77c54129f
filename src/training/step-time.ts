import { buildInputs, type LanguageModel } from '../models/index.js';
import type { Inputs } from '../plugins/contracts.js';
import type { PluginRegistry } from '../plugins/registry.js';
import { Random } from '../support/random/index.js';
import { RAW_LIMIT, RAW_OFFSET } from '../vocabulary/layout.js';
import { initialParameters } from './initialise.js';
import type { TrainingSettings } from './settings.js';
import { TrainingSession } from './training-session.js';

/** Steps that are timed at least, after one that allocates. */
const LEAST_STEPS = 3;

/**
 * Seconds of one optimizer step of a model on this machine, on random bytes: the fastest of all that are done in some
 * time, since other programs come and go.
 *
 * @param seconds to spend on it, beyond the steps that are timed at least
 * @throws BackendError if the model cannot be run here; the reason of `signal` when it is aborted
 */
export async function measureSecondsPerStep(
  settings: TrainingSettings,
  model: LanguageModel,
  registry: PluginRegistry,
  { seconds, signal }: { seconds: number; signal: AbortSignal },
): Promise<number> {
  const { name, ...options } = settings.backend;
  const backend = await registry.createBackend(name, options);
  try {
    const session = await TrainingSession.open(backend, { ...settings, model });
    try {
      await session.session.writeState(initialParameters(model, settings.seed));
      let fastest = Number.POSITIVE_INFINITY;
      const end = performance.now() + 1000 * seconds;
      for (let step = 0; step <= LEAST_STEPS || performance.now() < end; step++) {
        signal.throwIfAborted();
        const inputs = randomMicroBatches(settings, model, step);
        const started = performance.now();
        await session.step(inputs, { learningRate: settings.optim.learningRate, updateNumber: step + 1 });
        if (step > 0) fastest = Math.min(fastest, (performance.now() - started) / 1000);
      }
      return fastest;
    } finally {
      await session.dispose();
    }
  } finally {
    await backend.dispose();
  }
}

function randomMicroBatches({ batch, loss }: TrainingSettings, model: LanguageModel, seed: number): Inputs[] {
  const views = 1 + model.heads + model.rawHeads;
  const random = Random.fromSeed(seed);
  const { size, accumulation, sequenceLength } = batch;
  const rows = size / accumulation;
  const multibyteWeights = loss.multibyteMask
    ? { heads: model.heads, disableCrossBytePrediction: loss.disableCrossBytePrediction, compressedWeight: null }
    : null;
  const spec = { rows, sequenceLength, views, documentMask: loss.documentMask, multibyteWeights };
  return Array.from({ length: accumulation }, () => {
    const symbols = { length: rows * (sequenceLength + views - 1) };
    return buildInputs(
      spec,
      Int32Array.from(symbols, () => RAW_OFFSET + random.integer(RAW_LIMIT - RAW_OFFSET)),
    );
  });
}
