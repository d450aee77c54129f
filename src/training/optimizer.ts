import {
  add,
  divide,
  input,
  minimum,
  multiply,
  type Node,
  reshape,
  scalar,
  sqrt,
  state,
  subtract,
  sum,
} from '../graph/index.js';
import type { ParameterSpec } from '../models/index.js';
import type { OptimOptions } from './options.js';

/** Names of the optimizer's state for a parameter. */
export const firstMoment = (parameter: string) => `adam.m.${parameter}`;
export const secondMoment = (parameter: string) => `adam.v.${parameter}`;
export const isOptimizerState = (name: string) => name.startsWith('adam.');

/** Numbers that change from step to step; inputs of the update, each of shape []. */
export interface UpdateScalars {
  /** η / (1 − β₁ᵗ) · √(1 − β₂ᵗ). */
  stepSize: number;
  /** 1 − η λ: what is left of a parameter after weight decay. */
  decay: number;
  /** ε · √(1 − β₂ᵗ). */
  epsilon: number;
}

/**
 * AdamW with decoupled weight decay (Loshchilov & Hutter, arXiv 1711.05101), written so that bias corrections are
 * scalars: p ← p (1 − ηλ) − η/(1−β₁ᵗ) · m / (√v / √(1−β₂ᵗ) + ε).
 *
 * @param learningRate η of this update, after the schedule
 * @param update number of the update, from 1
 */
export function updateScalars(options: OptimOptions, learningRate: number, update: number): UpdateScalars {
  const root = Math.sqrt(1 - options.beta2 ** update);
  return {
    stepSize: (learningRate / (1 - options.beta1 ** update)) * root,
    decay: 1 - learningRate * options.weightDecay,
    epsilon: options.epsilon * root,
  };
}

/** A parameter that is to be updated. */
export interface TrainedParameter {
  spec: ParameterSpec;
  value: Node;
  gradient: Node;
}

/** Sum of the squares of all elements, []. */
export function sumOfSquares(gradients: readonly Node[]): Node {
  return gradients.map((gradient) => reshape(sum(multiply(gradient, gradient)), [])).reduce((a, b) => add(a, b));
}

/**
 * Next values of parameters and moments, by the name of the state entry.
 *
 * @param gradientNorm L2 norm of the whole gradient before clipping, [], also of what other replicas update
 */
export function adamw(
  parameters: readonly TrainedParameter[],
  gradientNorm: Node,
  options: OptimOptions,
): Record<string, Node> {
  const [stepSize, decay, epsilon] = (['stepSize', 'decay', 'epsilon'] as const).map((name) => input(name, 'f32', []));
  const clip =
    options.clip === null
      ? scalar(1)
      : minimum(scalar(1), divide(scalar(options.clip), add(gradientNorm, scalar(1e-6))));
  const ofGradient = multiply(clip, scalar(1 - options.beta1));
  const ofSquare = multiply(multiply(clip, clip), scalar(1 - options.beta2));
  const next: Record<string, Node> = {};
  for (const { spec, value, gradient } of parameters) {
    const m = state(firstMoment(spec.name), 'f32', spec.shape);
    const v = state(secondMoment(spec.name), 'f32', spec.shape);
    const nextM = add(multiply(m, scalar(options.beta1)), multiply(gradient, ofGradient));
    const nextV = add(multiply(v, scalar(options.beta2)), multiply(multiply(gradient, gradient), ofSquare));
    const step = multiply(divide(nextM, add(sqrt(nextV), epsilon!)), stepSize!);
    const decays = options.weightDecay > 0 && !(options.noDecayEmbedding && spec.isEmbedding);
    next[spec.name] = subtract(decays ? multiply(value, decay!) : value, step);
    next[firstMoment(spec.name)] = nextM;
    next[secondMoment(spec.name)] = nextV;
  }
  return next;
}
