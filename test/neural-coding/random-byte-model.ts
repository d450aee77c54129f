import { type EvaByteOptions, evabyteOptions } from '../../src/models/evabyte/options.js';
import { createModel, vocabularySizes } from '../../src/models/index.js';
import { PortableModel, type PortableWeights } from '../../src/neural-coding/portable-model.js';
import { Random } from '../../src/support/random/index.js';
import { RAW_LIMIT } from '../../src/vocabulary/layout.js';

/** Parameters of no training, far from zero so that every part of a model matters; small enough for the interpreter. */
export function randomWeights(seed: number, over: Partial<EvaByteOptions> = {}): PortableWeights {
  const options = evabyteOptions.parse({
    architecture: 'evabyte',
    hiddenSize: 16,
    intermediateSize: 24,
    layers: 2,
    attentionHeads: 2,
    windowSize: 16,
    predictionHeads: 1,
    ...over,
  });
  const random = Random.fromSeed(seed);
  const { parameters } = createModel(options, vocabularySizes(RAW_LIMIT));
  const tensors = new Map(
    parameters.map(({ name, shape, isEmbedding }) => {
      const size = shape.reduce((product, length) => product * length, 1);
      const scale = isEmbedding ? 1 : name.includes('norm') ? 0.2 : 0.4;
      return [name, Float32Array.from({ length: size }, () => scale * random.normal())];
    }),
  );
  return { options, tensors, fingerprint: `random:${seed}`, origin: 'random' };
}

export const randomPortableModel = (seed: number, over: Partial<EvaByteOptions> = {}): PortableModel =>
  new PortableModel(randomWeights(seed, over));
