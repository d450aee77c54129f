import { type Checkpoint, ELEMENT_TYPE_OF } from '../checkpoints/index.js';
import type { Shape } from '../graph/index.js';
import { CheckpointError } from '../support/errors.js';
import { decodedPieces, type FloatElement, isFloatElement } from './float-elements.js';
import type { TensorSource } from './tensor-source.js';

/** The tensors of one of our checkpoints that belong to its model. */
export function checkpointSource(checkpoint: Checkpoint, names: readonly string[]): TensorSource {
  const wanted = new Set(names);
  const specs = new Map(checkpoint.specs.filter(({ name }) => wanted.has(name)).map((spec) => [spec.name, spec]));
  const shapes: ReadonlyMap<string, Shape> = new Map([...specs].map(([name, { shape }]) => [name, shape]));
  const reader = checkpoint.openReader();
  const typeOf = (name: string): FloatElement => {
    const { dtype } = specs.get(name)!;
    const type = ELEMENT_TYPE_OF[dtype];
    if (isFloatElement(type)) return type;
    throw new CheckpointError(`tensor ${name} is stored as ${dtype}, which is no float`, {
      file: checkpoint.path,
      field: name,
      hint: 'Its config.yaml describes another model than its weights: use the files of one and the same run.',
    });
  };
  return {
    path: checkpoint.path,
    shapes,
    pieces: (name) => decodedPieces(typeOf(name), reader.pieces(name), { file: checkpoint.path, name }),
    close: () => reader.close(),
  };
}
