import {
  add,
  gradients,
  hostTensor,
  input,
  makeProgram,
  multiply,
  type Program,
  programRoots,
  rematerialise,
  state,
} from '../graph/index.js';
import type { BatchShape, LanguageModel, LossGraphOptions } from '../models/index.js';
import type { Inputs, StateSpec } from '../plugins/contracts.js';
import { adamw, firstMoment, secondMoment, type UpdateScalars } from './optimizer.js';
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
  rematerialise: boolean;
}

const summedGradient = (parameter: string) => `gradient.${parameter}`;

export function buildStepPrograms(model: LanguageModel, options: StepOptions): StepPrograms {
  const { loss, weightedNats, nats } = model.loss(options.batch, options.loss);
  const values = model.parameters.map(({ name }) => model.nodes.get(name)!);
  const parameters = gradients(loss, values).map((gradient, index) => ({
    spec: model.parameters[index]!,
    value: values[index]!,
    gradient,
  }));
  const trained = model.parameters.flatMap(({ name, shape }): StateSpec[] =>
    [name, firstMoment(name), secondMoment(name)].map((entry) => ({ name: entry, dtype: 'f32', shape })),
  );
  if (options.accumulation === 1) {
    const { next, gradientNorm } = adamw(parameters, options.optim);
    const microBatch = makeProgram({ outputs: { loss, weightedNats, nats, gradientNorm }, next });
    return { state: trained, microBatch: withMemoryPolicy(microBatch, options), update: null };
  }
  const sums: StateSpec[] = model.parameters.map(({ name, shape }) => ({
    name: summedGradient(name),
    dtype: 'f32',
    shape,
  }));
  const summed = parameters.map(({ spec, value }) => ({
    spec,
    value,
    gradient: state(summedGradient(spec.name), 'f32', spec.shape),
  }));
  const keep = input('keep', 'f32', []);
  const accumulated = parameters.map(({ spec, gradient }, index) => [
    summedGradient(spec.name),
    add(multiply(summed[index]!.gradient, keep), gradient),
  ]);
  const microBatch = makeProgram({ outputs: { loss, weightedNats, nats }, next: Object.fromEntries(accumulated) });
  const { next, gradientNorm } = adamw(summed, options.optim);
  return {
    state: [...trained, ...sums],
    microBatch: withMemoryPolicy(microBatch, options),
    update: makeProgram({ outputs: { gradientNorm }, next }),
  };
}

function withMemoryPolicy(program: Program, options: StepOptions): Program {
  if (!options.rematerialise) return program;
  return makeProgram(rematerialise((scope) => scope.startsWith('layers.'))(programRoots(program)));
}

/** The scalars of an update as inputs. */
export function scalarInputs(scalars: UpdateScalars): Inputs {
  return Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, hostTensor('f32', [value], [])]));
}

/** Whether a micro-batch keeps the gradients summed so far: 0 for the first of a step. */
export function accumulationInputs(microBatch: number): Inputs {
  return { keep: hostTensor('f32', [microBatch === 0 ? 0 : 1], []) };
}
