import { cast, constant, cos, hostTensor, iota, multiply, type Node, reshape, sin } from '../graph/index.js';
import type { BatchShape } from './model.js';

/** Cosines and sines of the rotary angles, each [B or 1, 1, N, d/2]. */
export interface RotaryTables {
  cosines: Node;
  sines: Node;
}

/**
 * Angles of rotary embedding: position · θ^(−2j/d) for the pair j (Su et al., arXiv 2104.09864). They are computed where they are
 * needed, so that no table limits the length of a sequence.
 *
 * @param positions [B, N]; null: 0 to N − 1 in every row
 */
export function rotaryTables(
  { rows, sequenceLength }: BatchShape,
  headSize: number,
  theta: number,
  positions: Node | null,
): RotaryTables {
  const frequencies = Array.from({ length: headSize / 2 }, (_, j) => theta ** ((-2 * j) / headSize));
  const where = positions ? reshape(positions, [rows, 1, sequenceLength, 1]) : iota([1, 1, sequenceLength, 1], 2);
  const angles = multiply(cast(where, 'f32'), constant(hostTensor('f32', frequencies)));
  return { cosines: cos(angles), sines: sin(angles) };
}
