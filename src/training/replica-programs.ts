import { input, makeProgram, type Program } from '../graph/index.js';
import type { LanguageModel, ParameterSpec } from '../models/index.js';
import type { Owners, StateSpec } from '../plugins/contracts.js';
import { adamw, sumOfSquares } from './optimizer.js';
import {
  buildGradientProgram,
  gradientOf,
  gradientState,
  parameterState,
  type StepOptions,
  withGradientsOfState,
} from './step-programs.js';

/**
 * The programs of one optimizer step that several replicas share. Each computes the gradients of its rows. Every
 * parameter has an owner, which adds up its gradients, keeps its moments and updates it; so no update is computed twice.
 */
export interface ReplicaPrograms {
  /** Of each replica: all parameters and gradients, and the moments of those parameters that it owns. */
  states: StateSpec[][];
  parameterOwners: Owners;
  gradientOwners: Owners;
  /** For the rows of one replica. Results: `loss` [], `weightedNats` [P + R], `nats` [P]. */
  microBatch: Program;
  /** What owners do, of each replica; null: it owns nothing. */
  owned: (OwnerPrograms | null)[];
}

export interface OwnerPrograms {
  /** Result: `squares` [], of the summed gradients of what it owns. */
  norm: Program;
  /** Takes `gradientNorm` [] of all gradients. No result. */
  update: Program;
}

/** @param options `batch` is that of one replica */
export function buildReplicaPrograms(model: LanguageModel, options: StepOptions, replicas: number): ReplicaPrograms {
  const shares = divideParameters(model.parameters, replicas);
  const owners = shares.flatMap((share, owner) => share.map(({ name }) => [name, owner] as const));
  return {
    states: shares.map((share) => {
      const own = new Set(share);
      return [
        ...model.parameters.flatMap((spec) =>
          own.has(spec) ? parameterState(spec) : parameterState(spec).slice(0, 1),
        ),
        ...model.parameters.map(gradientState),
      ];
    }),
    parameterOwners: new Map(owners),
    gradientOwners: new Map(owners.map(([name, owner]) => [gradientOf(name), owner])),
    microBatch: buildGradientProgram(model, options),
    owned: shares.map((share) => {
      if (share.length === 0) return null;
      const parameters = withGradientsOfState(model, share);
      const squares = sumOfSquares(parameters.map(({ gradient }) => gradient));
      return {
        norm: makeProgram({ outputs: { squares } }),
        update: makeProgram({ outputs: {}, next: adamw(parameters, input('gradientNorm', 'f32', []), options.optim) }),
      };
    }),
  };
}

/** Shares of about the same size: the largest parameters first, each to whoever has least. */
function divideParameters(parameters: readonly ParameterSpec[], replicas: number): ParameterSpec[][] {
  const shares = Array.from({ length: replicas }, () => ({ elements: 0, parameters: [] as ParameterSpec[] }));
  const elements = ({ shape }: ParameterSpec) => shape.reduce((a, b) => a * b, 1);
  for (const parameter of [...parameters].sort((a, b) => elements(b) - elements(a))) {
    const least = shares.reduce((a, b) => (b.elements < a.elements ? b : a));
    least.elements += elements(parameter);
    least.parameters.push(parameter);
  }
  return shares.map((share) => share.parameters);
}
