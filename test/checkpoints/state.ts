import type { CheckpointContent, TensorSlice } from '../../src/checkpoints/index.js';
import { hostTensor } from '../../src/graph/tensor.js';

/** A whole tensor of the given values. */
export function wholeTensor(name: string, shape: number[], values: ArrayLike<number>): TensorSlice {
  const offset = shape.map(() => 0);
  return { name, dtype: 'f32', globalShape: shape, offset, tensor: hostTensor('f32', values, shape) };
}

/** A small model with the moments of its optimizer, its values determined by `seed`. */
export function smallState(seed: number): TensorSlice[] {
  return ['model.embedding', 'model.head', 'moment1.embedding', 'moment2.embedding'].map((name, index) =>
    wholeTensor(
      name,
      [4, 3 + index],
      Float32Array.from({ length: 4 * (3 + index) }, (_, element) => seed + index + element / 16),
    ),
  );
}

export function isMoment(name: string): boolean {
  return name.startsWith('moment');
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** A checkpoint of the small model, its values determined by the step. */
export function smallContent(step: number, changes: Partial<CheckpointContent> = {}): CheckpointContent {
  return {
    step,
    state: { loader: { row: step } },
    configYaml: `steps: ${step}\n`,
    slices: smallState(step),
    isOptimizer: isMoment,
    ...changes,
  };
}
