import { type Checkpoint, inFloat32 } from '../checkpoints/index.js';
import { elementCount, float32Values, type Shape } from '../graph/index.js';
import { CheckpointError } from '../support/errors.js';
import type { TensorSource } from './tensor-source.js';

/** The tensors of one of our checkpoints that belong to its model. */
export function checkpointSource(checkpoint: Checkpoint, names: readonly string[]): TensorSource {
  const wanted = new Set(names);
  const specs = checkpoint.specs.filter(({ name }) => wanted.has(name));
  const shapes: ReadonlyMap<string, Shape> = new Map(specs.map(({ name, shape }) => [name, shape]));
  return {
    path: checkpoint.path,
    shapes,
    read: (name) => readWhole(checkpoint, name, shapes.get(name)!),
    close: async () => {},
  };
}

/** A tensor may have been saved in parts: by several processes, or because it was large. */
async function readWhole(checkpoint: Checkpoint, name: string, shape: Shape): Promise<Float32Array> {
  let whole: Float32Array | null = null;
  for await (const { dtype, offset, tensor } of inFloat32(checkpoint.tensors([name]))) {
    if (dtype !== 'f32')
      throw new CheckpointError(`tensor ${name} is stored as ${dtype}, not as f32 or f16`, {
        file: checkpoint.path,
        field: name,
        hint: 'Its config.yaml describes another model than its weights: use the files of one and the same run.',
      });
    const values = float32Values(tensor);
    if (values.length === elementCount(shape)) return values;
    whole ??= new Float32Array(elementCount(shape));
    place(values, tensor.shape, offset, whole, shape);
  }
  return whole ?? new Float32Array(0);
}

/** Copies a block of a tensor to its place, run by run along the innermost dimension. */
function place(block: Float32Array, size: Shape, offset: Shape, whole: Float32Array, shape: Shape): void {
  const run = size.at(-1) ?? 1;
  const index = size.map(() => 0);
  for (let from = 0; from < block.length; from += run) {
    const to = shape.reduce((at, extent, axis) => at * extent + offset[axis]! + index[axis]!, 0);
    whole.set(block.subarray(from, from + run), to);
    for (let axis = size.length - 2; axis >= 0; axis--) {
      index[axis] = index[axis]! + 1;
      if (index[axis]! < size[axis]!) break;
      index[axis] = 0;
    }
  }
}
