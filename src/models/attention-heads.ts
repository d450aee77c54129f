import { type Node, reshape, transpose } from '../graph/index.js';
import type { BatchShape } from './model.js';

/** [B·N, H·d] → [B, H, N, d]. */
export function splitHeads(x: Node, { rows, sequenceLength }: BatchShape, heads: number): Node {
  return transpose(reshape(x, [rows, sequenceLength, heads, x.shape[1]! / heads]), [0, 2, 1, 3]);
}

/** [B, H, N, d] → [B, N, H·d]. */
export function joinHeads(x: Node): Node {
  const [rows, heads, length, size] = x.shape as [number, number, number, number];
  return reshape(transpose(x, [0, 2, 1, 3]), [rows, length, heads * size]);
}
