import { type Node, scalar, select } from '../graph/index.js';

/** Consecutive queries that are multiplied with keys in one product. */
export interface QueryBlock {
  /** Position of the first query. */
  start: number;
  queries: number;
}

/** Blocks of queries in a stretch: more skip more of the masked products, at the price of smaller ones. */
const BLOCKS = 4;
const SMALLEST_BLOCK = 64;

/**
 * Cuts a stretch of causal attention into blocks of queries: each needs the keys up to its own end alone, which leaves out most of
 * what the causal mask would discard.
 */
export function queryBlocks(length: number): QueryBlock[] {
  const cut = Math.ceil(length / BLOCKS);
  const size = cut >= SMALLEST_BLOCK ? cut : length;
  const blocks: QueryBlock[] = [];
  for (let start = 0; start < length; start += size) blocks.push({ start, queries: Math.min(size, length - start) });
  return blocks;
}

/** Added to scores of pairs that may not attend: large enough that their weight is zero, small enough to stay finite. */
const BLOCKED = -1e9;

/** What scores are raised by, of the same shape: nothing where `visible`. */
export function visibilityBias(visible: Node): Node {
  return select(visible, scalar(0), scalar(BLOCKED));
}
