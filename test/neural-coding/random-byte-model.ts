import { writeCheckpoint } from '../../src/checkpoints/save.js';
import { hostTensor } from '../../src/graph/index.js';
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

/** Parameters of a model that expects every byte to be followed by itself: nothing but an embedding and its inverse. */
export function repeatingWeights(seed: number, over: Partial<EvaByteOptions> = {}): PortableWeights {
  const weights = randomWeights(seed, over);
  const tensors = new Map(
    [...weights.tensors].map(([name, values]) => [
      name,
      /o_proj|down_proj|norm/.test(name) ? new Float32Array(values.length) : values,
    ]),
  );
  tensors.set(
    'lm_head.weight',
    weights.tensors.get('embed_tokens.weight')!.map((x) => 2 * x),
  );
  return { ...weights, tensors };
}

/** Writes a checkpoint as `pc train` does, of a model of bytes. */
export async function saveByteModel(path: string, { options, tensors }: PortableWeights): Promise<void> {
  const { parameters } = createModel(options, vocabularySizes(RAW_LIMIT));
  const layout = { size: RAW_LIMIT, compressedOffset: RAW_LIMIT, alphabetSize: 0, rawIncluded: true };
  await writeCheckpoint(path, {
    step: 1,
    state: { vocabulary: { layout, compressor: 'none' } },
    configYaml: JSON.stringify({
      model: options,
      batch: { sequenceLength: options.windowSize },
      data: { mix: 'vanilla', addBos: true },
    }),
    slices: parameters.map(({ name, shape }) => ({
      name,
      dtype: 'f32' as const,
      globalShape: shape,
      offset: shape.map(() => 0),
      tensor: hostTensor('f32', tensors.get(name)!, shape),
    })),
    isOptimizer: () => false,
  });
}
