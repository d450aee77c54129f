import { describe, expect, it } from 'vitest';
import { createModel, modelOptions, parameterCount } from '../../../src/models/index.js';

const VOCABULARY = { size: 400, rawSize: 320 };
const base = { architecture: 'opencoder', hiddenSize: 16, intermediateSize: 24, layers: 3, attentionHeads: 4 };

const parametersOf = (options: object) =>
  createModel(modelOptions.parse({ ...base, ...options }), VOCABULARY).parameters;

const named = (options: object) => new Map(parametersOf(options).map((parameter) => [parameter.name, parameter]));

describe('parameters', () => {
  it("have the reference's names and shapes", () => {
    const shapes = parametersOf({ layers: 1, keyValueHeads: 2, headSize: 6 }).map(({ name, shape }) => [name, shape]);
    expect(Object.fromEntries(shapes)).toEqual({
      'tok_embeddings.weight': [400, 16],
      'layers.0.attention.wq.weight': [24, 16],
      'layers.0.attention.wk.weight': [12, 16],
      'layers.0.attention.wv.weight': [12, 16],
      'layers.0.attention.wo.weight': [16, 24],
      'layers.0.feed_forward.w1.weight': [24, 16],
      'layers.0.feed_forward.w2.weight': [16, 24],
      'layers.0.feed_forward.w3.weight': [24, 16],
      'layers.0.attention_norm.weight': [16],
      'layers.0.ffn_norm.weight': [16],
      'norm.weight': [16],
      'output.weight': [400, 16],
    });
  });

  it('are without an output matrix where it is the embedding', () => {
    expect(named({ tiedEmbedding: true }).has('output.weight')).toBe(false);
    expect(parameterCount(parametersOf({})) - parameterCount(parametersOf({ tiedEmbedding: true }))).toBe(400 * 16);
  });

  it('have rows for every head, and a table of raw heads', () => {
    const parameters = named({ predictionHeads: 3, rawHeads: 2 });
    expect(parameters.get('output.weight')!.shape).toEqual([3 * 400, 16]);
    expect(parameters.get('raw_output.weight')!.shape).toEqual([2 * 320, 16]);
  });
});

describe('first values', () => {
  const init = (options: object, name: string) => named({ init: options }).get(name)!.init;

  it('have the deviation of what is summed, to the power of −½, or the given one', () => {
    expect(init({}, 'layers.0.attention.wq.weight')).toEqual({ std: 16 ** -0.5, cutoff: 3 });
    expect(init({}, 'layers.0.feed_forward.w2.weight')).toEqual({ std: 24 ** -0.5, cutoff: 3 });
    expect(init({ baseStd: 0.02 }, 'layers.0.feed_forward.w2.weight')).toEqual({ std: 0.02, cutoff: 3 });
  });

  it('of the tables do not follow the given deviation (O4)', () => {
    expect(init({ baseStd: 0.02 }, 'tok_embeddings.weight')).toEqual({ std: 0.25, cutoff: 3 });
    expect(init({ baseStd: 0.02 }, 'output.weight')).toEqual({ std: 0.25, cutoff: 3 });
  });

  it.each([
    ['global_depth', [8, 8, 8]],
    ['current_depth', [2, 4, 6]],
    ['dim_ratio', [1 / 256, 1 / 256, 1 / 256].map((ratio) => ratio ** 2)],
  ])(
    'of wo and w2 are divided by the factor %s, and those of wo cut where they would be without',
    (factor, squares) => {
      for (const [layer, square] of squares.entries()) {
        const output = init({ baseStd: 0.02, factor }, `layers.${layer}.attention.wo.weight`);
        const down = init({ baseStd: 0.02, factor }, `layers.${layer}.feed_forward.w2.weight`);
        if (!('std' in output && 'std' in down)) throw new Error('drawn from a normal distribution');
        expect(output.std).toBeCloseTo(0.02 / Math.sqrt(square), 12);
        expect(output.std * output.cutoff).toBeCloseTo(3 * 0.02, 12);
        expect(down.std).toBeCloseTo(output.std, 12);
        expect(down.cutoff).toBe(3);
      }
    },
  );

  it('of norms are one', () => {
    expect(init({}, 'norm.weight')).toEqual({ value: 1 });
    expect(init({}, 'layers.2.ffn_norm.weight')).toEqual({ value: 1 });
  });
});

describe('options that contradict each other', () => {
  it.each([
    ['attentionHeads', { attentionHeads: 3 }],
    ['attentionHeads', { attentionHeads: 16 }],
    ['headSize', { headSize: 5 }],
    ['keyValueHeads', { keyValueHeads: 3 }],
    ['tiedEmbedding', { tiedEmbedding: true, predictionHeads: 2 }],
  ])('are an error at %s', (field, options) => {
    const { error } = modelOptions.safeParse({ ...base, ...options });
    expect(error?.issues.map(({ path }) => path)).toEqual([[field]]);
  });

  it('are none where a head size makes up for a width that does not divide', () => {
    expect(modelOptions.safeParse({ ...base, attentionHeads: 3, headSize: 8 }).success).toBe(true);
  });
});
