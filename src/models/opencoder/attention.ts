import {
  add,
  and,
  attention,
  concat,
  integer,
  iota,
  less,
  type Node,
  not,
  reshape,
  slice,
  subtract,
  transpose,
} from '../../graph/index.js';
import { type QueryBlock, queryBlocks, visibilityBias } from '../attention-blocks.js';
import type { BatchShape } from '../model.js';
import type { AttentionSizes } from './options.js';

/** What the attention of all layers shares: the blocks of queries, and what hides from each. */
export interface CausalMasks {
  blocks: QueryBlock[];
  /** Scores are raised by these, [B or 1, 1, group · queries, keys] for each block. */
  biases: Node[];
}

/**
 * Masks for one batch.
 *
 * @param group heads of queries that share one of keys
 * @param positions [B, N] of tokens in their documents, where attention stays within documents: a separator belongs to the document that
 *   it ends, so that a token sees as many tokens before it as its position says. Rows see nothing of each other.
 */
export function causalMasks({ rows, sequenceLength }: BatchShape, group: number, positions: Node | null): CausalMasks {
  const blocks = queryBlocks(sequenceLength);
  const biases = blocks.map(({ start, queries }) => {
    const keys = start + queries;
    const query = add(iota([1, 1, queries, 1], 2), integer(start));
    const key = iota([1, 1, 1, keys], 3);
    const past = not(less(query, key));
    if (!positions) return repeated(visibilityBias(past), group);
    const before = reshape(slice(positions, 1, start, queries), [rows, 1, queries, 1]);
    const within = not(less(key, subtract(query, before)));
    return repeated(visibilityBias(and(past, within)), group);
  });
  return { blocks, biases };
}

/** The same for all heads of a group, which stand below each other. */
function repeated(bias: Node, group: number): Node {
  return group === 1 ? bias : concat(Array<Node>(group).fill(bias), 2);
}

/**
 * Causal grouped-query attention (Ainslie et al., arXiv 2305.13245). The queries of a group are multiplied with their keys in one
 * product, as so many more queries, rather than with copies of them.
 *
 * @param q [B, H, N, d], rotated; heads of a group are neighbours
 * @param k, v [B, keyValueHeads, N, d], k rotated
 * @returns [B, H, N, d]
 */
export function groupedAttention(
  { q, k, v }: Record<'q' | 'k' | 'v', Node>,
  { heads, keyValueHeads, headSize }: AttentionSizes,
  masks: CausalMasks,
): Node {
  const [rows, , length] = q.shape as [number, number, number, number];
  const group = heads / keyValueHeads;
  const grouped = reshape(q, [rows, keyValueHeads, group, length, headSize]);
  const outputs = masks.blocks.map(({ start, queries }, index) => {
    const own = reshape(slice(grouped, 3, start, queries), [rows, keyValueHeads, group * queries, headSize]);
    const visible = (x: Node) => slice(x, 2, 0, start + queries);
    const attended = attention(own, visible(k), visible(v), { bias: masks.biases[index]!, scale: headSize ** -0.5 });
    return reshape(attended, [rows, keyValueHeads, group, queries, headSize]);
  });
  return reshape(concat(outputs, 3), q.shape);
}

/**
 * The reference turns neighbouring features of a head, (2j, 2j + 1); the operation `rope` turns feature j with j + d/2. Scores are the same
 * where the features of queries and keys change places alike, so those of the weight do: a copy of it, which is little beside its products.
 *
 * @param weight [H·d, in] of queries or keys
 * @returns the same, first and second features of the pairs of each head apart
 */
export function pairsApart(weight: Node, headSize: number): Node {
  const [width, inputs] = weight.shape as [number, number];
  const pairs = reshape(weight, [width / headSize, headSize / 2, 2, inputs]);
  return reshape(transpose(pairs, [0, 2, 1, 3]), [width, inputs]);
}
