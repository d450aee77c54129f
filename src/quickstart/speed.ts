import { backendOptions, type Config } from '../config/index.js';
import { buildInputs, type LanguageModel } from '../models/index.js';
import type { PluginRegistry } from '../plugins/registry.js';
import { Random } from '../support/random/index.js';
import { initialParameters } from '../training/initialise.js';
import { TrainingSession } from '../training/training-session.js';
import { RAW_LIMIT, RAW_OFFSET } from '../vocabulary/layout.js';

/** Steps that are timed at least, after one that allocates. */
const LEAST_STEPS = 3;

/**
 * Seconds of one optimizer step of a model on this machine, on random bytes: the fastest of all that are done in some
 * time, since other programs come and go.
 *
 * @param seconds to spend on it
 * @throws BackendError if the model cannot be run here; the reason of `signal` when it is aborted
 */
export async function measureSecondsPerStep(
  config: Config,
  model: LanguageModel,
  registry: PluginRegistry,
  { seconds, signal }: { seconds: number; signal: AbortSignal },
): Promise<number> {
  const backend = await registry.createBackend(config.backend.name, backendOptions(config));
  try {
    const session = await TrainingSession.open(backend, { ...config, model });
    await session.session.writeState(initialParameters(model, config.seed));
    let fastest = Number.POSITIVE_INFINITY;
    const end = performance.now() + 1000 * seconds;
    for (let step = 0; step <= LEAST_STEPS || performance.now() < end; step++) {
      signal.throwIfAborted();
      const inputs = randomInputs(config, model, step);
      const started = performance.now();
      await session.step([inputs], { learningRate: config.optim.learningRate, updateNumber: step + 1 });
      if (step > 0) fastest = Math.min(fastest, (performance.now() - started) / 1000);
    }
    await session.dispose();
    return fastest;
  } finally {
    await backend.dispose();
  }
}

function randomInputs({ batch, loss }: Config, model: LanguageModel, seed: number) {
  const views = 1 + model.heads + model.rawHeads;
  const random = Random.fromSeed(seed);
  const symbols = Int32Array.from(
    { length: batch.size * (batch.sequenceLength + views - 1) },
    () => RAW_OFFSET + random.integer(RAW_LIMIT - RAW_OFFSET),
  );
  const { size: rows, sequenceLength } = batch;
  return buildInputs({ rows, sequenceLength, views, documentMask: loss.documentMask, multibyteWeights: null }, symbols);
}
