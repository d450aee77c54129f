import { describe, expect, it } from 'vitest';
import { input, interpret, makeProgram, sqrt, state } from '../../src/graph/index.js';
import type { Values } from '../../src/graph/reference-kernels.js';
import type { ParameterSpec } from '../../src/models/index.js';
import { adamw, firstMoment, secondMoment, sumOfSquares, updateScalars } from '../../src/training/optimizer.js';
import { type OptimOptions, optimOptions } from '../../src/training/options.js';

interface Moments {
  value: number[];
  m: number[];
  v: number[];
}
type State = Record<string, Moments>;

const SPECS: ParameterSpec[] = [
  { name: 'embedding', shape: [2, 2], init: { value: 0 }, isEmbedding: true },
  { name: 'weight', shape: [3], init: { value: 0 }, isEmbedding: false },
];

const beginning = (): State => ({
  embedding: { value: [0.5, -1, 2, 0.1], m: [0, 0, 0, 0], v: [0, 0, 0, 0] },
  weight: { value: [1, -0.3, 0.02], m: [0, 0, 0], v: [0, 0, 0] },
});

/** Gradients that change sign and size from step to step; those of odd steps are too long for a clip of 1. */
const gradientsOf = (step: number): Record<string, number[]> => ({
  embedding: [0.3, -0.2, 0.05, 0].map((g) => g * (step % 2 === 0 ? 1 : -9)),
  weight: [1e-4, -0.4, 0.2].map((g, i) => g * Math.cos(step + i) * (step % 2 === 0 ? 1 : 9)),
});

/** AdamW as its authors write it (Loshchilov & Hutter, algorithm 2, with the schedule in η), after clipping. */
function oracle(before: State, options: OptimOptions, learningRate: number, t: number): { next: State; norm: number } {
  const gradients = gradientsOf(t - 1);
  const norm = Math.sqrt(
    Object.values(gradients)
      .flat()
      .reduce((sum, g) => sum + g * g, 0),
  );
  const clip = options.clip === null ? 1 : Math.min(1, options.clip / (norm + 1e-6));
  const next: State = {};
  for (const [name, { value, m, v }] of Object.entries(before)) {
    const decay = options.noDecayEmbedding && name === 'embedding' ? 0 : options.weightDecay;
    const g = gradients[name]!.map((one) => one * clip);
    const nextM = m.map((one, i) => options.beta1 * one + (1 - options.beta1) * g[i]!);
    const nextV = v.map((one, i) => options.beta2 * one + (1 - options.beta2) * g[i]! ** 2);
    next[name] = {
      m: nextM,
      v: nextV,
      value: value.map((one, i) => {
        const mHat = nextM[i]! / (1 - options.beta1 ** t);
        const vHat = nextV[i]! / (1 - options.beta2 ** t);
        return one - learningRate * (mHat / (Math.sqrt(vHat) + options.epsilon) + decay * one);
      }),
    };
  }
  return { next, norm };
}

const values = (data: number[], shape: readonly number[]): Values => ({
  dtype: 'f32',
  shape,
  data: Float64Array.from(data),
});

/** The same update by the program that training runs, in the interpreter's double precision. */
function programUpdate(before: State, options: OptimOptions, learningRate: number, t: number) {
  const parameters = SPECS.map((spec) => ({
    spec,
    value: state(spec.name, 'f32', spec.shape),
    gradient: input(`gradient:${spec.name}`, 'f32', spec.shape),
  }));
  const gradientNorm = sqrt(sumOfSquares(parameters.map(({ gradient }) => gradient)));
  const program = makeProgram({ outputs: { gradientNorm }, next: adamw(parameters, gradientNorm, options) });
  const bindings: Record<string, Values> = {};
  for (const { name, shape } of SPECS) {
    const { value, m, v } = before[name]!;
    bindings[name] = values(value, shape);
    bindings[firstMoment(name)] = values(m, shape);
    bindings[secondMoment(name)] = values(v, shape);
    bindings[`gradient:${name}`] = values(gradientsOf(t - 1)[name]!, shape);
  }
  for (const [name, scalar] of Object.entries(updateScalars(options, learningRate, t)))
    bindings[name] = values([scalar], []);
  const result = interpret(program, bindings);
  const after = (name: string) => [...result.next[name]!.data];
  return {
    norm: result.outputs.gradientNorm!.data[0]!,
    next: Object.fromEntries(
      SPECS.map(({ name }) => [
        name,
        { value: after(name), m: after(firstMoment(name)), v: after(secondMoment(name)) },
      ]),
    ) as State,
  };
}

/** Equal but for the rounding of the constants, which the program holds as float32, beside a tensor's largest element. */
function expectClose(actual: State, expected: State): void {
  for (const [name, parts] of Object.entries(expected))
    for (const part of ['value', 'm', 'v'] as const) {
      const largest = Math.max(...parts[part].map(Math.abs));
      for (const [i, number] of parts[part].entries())
        expect(Math.abs(actual[name]![part][i]! - number)).toBeLessThanOrEqual(1e-6 * largest);
    }
}

describe('AdamW', () => {
  it.each([
    ['as it is by default', {}],
    ['without clipping', { clip: null }],
    ['with clipping to another norm', { clip: 0.25 }],
    ['without weight decay', { weightDecay: 0 }],
    ['with strong weight decay, but not of the embedding', { weightDecay: 0.7, noDecayEmbedding: true }],
    ['with other moments and a large epsilon', { beta1: 0.5, beta2: 0.999, epsilon: 1e-2 }],
  ])('updates as its definition for several steps, %s', (_, changed) => {
    const options = optimOptions.parse(changed);
    let [actual, expected] = [beginning(), beginning()];
    for (let t = 1; t <= 6; t++) {
      const learningRate = 0.1 / t;
      const { next, norm } = oracle(expected, options, learningRate, t);
      const update = programUpdate(actual, options, learningRate, t);
      expect(update.norm).toBeCloseTo(norm, 6);
      expectClose(update.next, next);
      [actual, expected] = [update.next, next];
    }
  });

  it('changes no parameter at the learning rate of λ(0) = 0, only the moments', () => {
    const { next } = programUpdate(beginning(), optimOptions.parse({}), 0, 1);
    for (const { name } of SPECS) {
      expect(next[name]!.value).toEqual(beginning()[name]!.value);
      expect(next[name]!.m.some((m) => m !== 0)).toBe(true);
    }
  });

  it('measures the norm of the whole gradient before it is clipped', () => {
    const { norm } = programUpdate(beginning(), optimOptions.parse({ clip: 0.01 }), 0.1, 2);
    const all = Object.values(gradientsOf(1)).flat();
    expect(norm).toBeCloseTo(Math.hypot(...all), 9);
  });
});
