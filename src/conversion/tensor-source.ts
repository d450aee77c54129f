import type { Shape } from '../graph/index.js';

/**
 * Where a conversion reads weights from: one of our checkpoints, or files that another program wrote. Values are `f32`
 * whatever they are stored as; one tensor is in memory at a time.
 */
export interface TensorSource {
  /** The file or directory, for messages. */
  readonly path: string;
  /** All tensors, in the order in which they are best read. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** @throws CheckpointError if the tensor is not what was saved, or of a type that is no float */
  read(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}
