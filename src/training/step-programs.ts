import type { Rematerialisation } from '../data/options.js';
import {
  add,
  gradients,
  hostTensor,
  input,
  makeProgram,
  multiply,
  type Node,
  type Program,
  programRoots,
  rematerialise,
  sqrt,
  state,
} from '../graph/index.js';
import type { BatchShape, LanguageModel, LossGraphOptions, ParameterSpec } from '../models/index.js';
import type { Inputs, StateSpec } from '../plugins/contracts.js';
import {
  adamw,
  firstMoment,
  secondMoment,
  sumOfSquares,
  type TrainedParameter,
  type UpdateScalars,
} from './optimizer.js';
import type { OptimOptions } from './options.js';

/**
 * The programs of one optimizer step. Without accumulation, one program computes the gradients and applies them. With
 * it, every micro-batch adds its gradients to state of their own, and a second program applies their sum.
 */
export interface StepPrograms {
  /** Parameters, moments, and summed gradients where micro-batches accumulate. */
  state: StateSpec[];
  /** For each micro-batch. Results: `loss` [], `weightedNats` [P + R], `nats` [P], and `gradientNorm` [] where it applies them too. */
  microBatch: Program;
  /** After the last micro-batch, where there are several. Result: `gradientNorm` []. */
  update: Program | null;
}

export interface StepOptions {
  batch: BatchShape;
  loss: LossGraphOptions;
  optim: OptimOptions;
  accumulation: number;
  /** Compute each layer's activations a second time in the backward pass instead of keeping them. */
  rematerialise: Rematerialisation;
}

/** Name of the state that keeps a gradient between programs. */
export const gradientOf = (parameter: string) => `gradient.${parameter}`;

export function buildStepPrograms(model: LanguageModel, options: StepOptions): StepPrograms {
  const { optim } = options;
  const trained = model.parameters.flatMap(parameterState);
  if (options.accumulation === 1) {
    const { outputs, parameters } = differentiate(model, options);
    const gradientNorm = sqrt(sumOfSquares(parameters.map(({ gradient }) => gradient)));
    const microBatch = makeProgram({
      outputs: { ...outputs, gradientNorm },
      next: adamw(parameters, gradientNorm, optim),
    });
    return { state: trained, microBatch: withMemoryPolicy(microBatch, options), update: null };
  }
  const summed = withGradientsOfState(model, model.parameters);
  const gradientNorm = sqrt(sumOfSquares(summed.map(({ gradient }) => gradient)));
  return {
    state: [...trained, ...model.parameters.map(gradientState)],
    microBatch: buildGradientProgram(model, options),
    update: makeProgram({ outputs: { gradientNorm }, next: adamw(summed, gradientNorm, optim) }),
  };
}

/** The gradients of a micro-batch become state, added to those before it where there are several. Results as of `StepPrograms`. */
export function buildGradientProgram(model: LanguageModel, options: StepOptions): Program {
  const { outputs, parameters } = differentiate(model, options);
  const keep = input('keep', 'f32', []);
  const next = parameters.map(({ spec, gradient }) => {
    const before = state(gradientOf(spec.name), 'f32', spec.shape);
    return [gradientOf(spec.name), options.accumulation === 1 ? gradient : add(multiply(before, keep), gradient)];
  });
  return withMemoryPolicy(makeProgram({ outputs, next: Object.fromEntries(next) }), options);
}

/** A parameter and its moments. */
export function parameterState({ name, shape }: ParameterSpec): StateSpec[] {
  return [name, firstMoment(name), secondMoment(name)].map((entry) => ({ name: entry, dtype: 'f32', shape }));
}

export function gradientState({ name, shape }: ParameterSpec): StateSpec {
  return { name: gradientOf(name), dtype: 'f32', shape };
}

/** Parameters whose gradients earlier programs left in the state. */
export function withGradientsOfState(model: LanguageModel, parameters: readonly ParameterSpec[]): TrainedParameter[] {
  return parameters.map((spec) => ({
    spec,
    value: model.nodes.get(spec.name)!,
    gradient: state(gradientOf(spec.name), 'f32', spec.shape),
  }));
}

function differentiate(
  model: LanguageModel,
  options: StepOptions,
): { outputs: Record<string, Node>; parameters: TrainedParameter[] } {
  const { loss, weightedNats, nats } = model.loss(options.batch, options.loss);
  const values = model.parameters.map(({ name }) => model.nodes.get(name)!);
  const slopes = gradients(loss, values);
  const parameters = model.parameters.map((spec, index) => ({
    spec,
    value: values[index]!,
    gradient: slopes[index]!,
  }));
  return { outputs: { loss, weightedNats, nats }, parameters };
}

function withMemoryPolicy(program: Program, options: StepOptions): Program {
  if (options.rematerialise === false) return program;
  const isLayer = (scope: string) => scope.startsWith('layers.');
  const keeps = options.rematerialise === 'selective' ? isProductWithParameter : () => false;
  return makeProgram(rematerialise(isLayer, keeps)(programRoots(program)));
}

/** Linear maps cost most to compute again; what lies between them takes as much memory and costs little. */
function isProductWithParameter(node: Node): boolean {
  return node.op === 'matmul' && node.operands.some(({ op }) => op === 'state');
}

/** The scalars of an update as inputs. */
export function scalarInputs(scalars: UpdateScalars): Inputs {
  return Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, hostTensor('f32', [value], [])]));
}

/** Whether a micro-batch keeps the gradients summed so far: 0 for the first of a step. */
export function accumulationInputs(microBatch: number): Inputs {
  return { keep: hostTensor('f32', [microBatch === 0 ? 0 : 1], []) };
}
