import { describe, expect, it } from 'vitest';
import { onnxruntimeBackend } from '../../backends/onnxruntime/index.js';
import { createModel, modelOptions } from '../../src/models/index.js';
import { lossOptions, optimOptions } from '../../src/training/options.js';
import { plannedSessions } from '../../src/training/training-session.js';
import { SMALL_MODELS, trainSmall } from '../backends/small-models.js';

const POLICIES = [false, 'selective', true] as const;

describe('activations are computed again', async () => {
  const backend = await onnxruntimeBackend.create(onnxruntimeBackend.options.parse({ replicas: 1 }));

  it.each(['EvaByte', 'OpenCoder'] as const)('without a change to what %s learns', async (name) => {
    const [kept, ...again] = await Promise.all(
      POLICIES.map((policy) => trainSmall(backend, SMALL_MODELS[name], 3, policy)),
    );
    for (const { losses, gradientNorms } of again)
      for (const step of losses.keys()) {
        expect(losses[step]).toBeCloseTo(kept!.losses[step]!, 5);
        expect(gradientNorms[step]).toBeCloseTo(kept!.gradientNorms[step]!, 4);
      }
  });

  it('for less memory, the less is kept', () => {
    const model = createModel(modelOptions.parse({ ...SMALL_MODELS.OpenCoder, layers: 8 }), {
      size: 320,
      rawSize: 320,
    });
    const [all, selective, inputs] = POLICIES.map((rematerialise) => {
      const batch = { size: 64, accumulation: 1, sequenceLength: 256, rematerialise };
      const options = { model, batch, loss: lossOptions.parse({}), optim: optimOptions.parse({}) };
      return backend.estimateMemory!(plannedSessions(backend, options));
    });
    expect(selective).toBeLessThan(0.9 * all!);
    expect(inputs).toBeLessThan(0.9 * selective!);
  });
});
