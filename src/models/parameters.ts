import { elementCount, type Node, state } from '../graph/index.js';
import type { ParameterSpec } from './model.js';

/** The parameters as state of a program: one node each, so that gradients can be taken with respect to it. */
export function parameterNodes(parameters: readonly ParameterSpec[]): ReadonlyMap<string, Node> {
  return new Map(parameters.map(({ name, shape }) => [name, state(name, 'f32', shape)]));
}

export function parameterCount(parameters: readonly ParameterSpec[]): number {
  return parameters.reduce((total, { shape }) => total + elementCount(shape), 0);
}
