import type { Shape } from '../graph/index.js';

/**
 * Where a conversion reads weights from: one of our checkpoints, or files that another program wrote. Values are `f32`
 * whatever they are stored as; a few MiB of them are in memory at a time. It is read one tensor after the other.
 */
export interface TensorSource {
  /** The file or directory, for messages. */
  readonly path: string;
  /** All tensors, in the order in which they are best read. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /**
   * The values of a tensor, row-major, in pieces of any length that are good until the next is asked for. What has checksums is verified
   * when the last has come.
   *
   * @throws CheckpointError if the tensor is not what was saved, of a type that is no float, or has values that `f32` cannot hold
   */
  pieces(name: string): AsyncIterable<Float32Array>;
  close(): Promise<void>;
}
