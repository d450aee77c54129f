import {
  add,
  and,
  attention,
  cast,
  concat,
  equal,
  integer,
  iota,
  less,
  matmul,
  multiply,
  type Node,
  not,
  or,
  reshape,
  scalar,
  slice,
  softmax,
  subtract,
  sum,
} from '../../graph/index.js';
import { type QueryBlock, queryBlocks, visibilityBias } from '../attention-blocks.js';
import type { BatchShape } from '../model.js';

/**
 * EVA attention (Zheng et al., arXiv 2302.04542; behaviour §4.3): a query attends exactly to the keys of its own window,
 * and to one summary of every chunk of the windows before it, in a single softmax.
 *
 * Each window is cut into blocks of queries, and a block is multiplied with the keys up to its own end alone, which
 * leaves out most of what the causal mask would discard.
 */
export interface EvaShape {
  heads: number;
  headSize: number;
  windowSize: number;
  chunkSize: number;
}

/** It sees the summaries of all chunks of earlier windows, and its window up to its own end. */
interface Block extends QueryBlock {
  /** Position of the window's first key. */
  window: number;
  /** Summaries it sees. */
  chunks: number;
  /** Keys of its window that it sees. */
  keys: number;
}

/** What the attention of all layers shares: the blocks and their masks. */
export interface EvaMasks {
  blocks: Block[];
  /** Scores are raised by these, [B or 1, 1, queries, chunks + keys] for each block. */
  biases: Node[];
  /** Raises the logits of pooling, [B, 1, chunks, chunkSize]; null: no document mask. */
  pooling: Node | null;
  /** 1.0 where a position attends to anything, [B, N, 1]; null: everywhere. */
  attends: Node | null;
}

/** Masks for one batch; `documents` [B, N] numbers the documents of each row, 0 at separators (behaviour §4.5). */
export function evaMasks(batch: BatchShape, shape: EvaShape, documents: Node | null): EvaMasks {
  const blocks = cutIntoBlocks(batch, shape);
  return {
    blocks,
    biases: blocks.map((block) => blockBias(block, batch, shape, documents)),
    pooling: documents && poolingBias(batch, shape, documents),
    attends:
      documents && reshape(cast(not(equal(documents, integer(0))), 'f32'), [batch.rows, batch.sequenceLength, 1]),
  };
}

function cutIntoBlocks({ sequenceLength }: BatchShape, { windowSize, chunkSize }: EvaShape): Block[] {
  const windows = Array.from({ length: sequenceLength / windowSize }, (_, index) => index * windowSize);
  return windows.flatMap((window) =>
    queryBlocks(windowSize).map(({ start, queries }) => ({
      start: window + start,
      window,
      queries,
      chunks: window / chunkSize,
      keys: start + queries,
    })),
  );
}

function blockBias(
  { start, window, queries, chunks, keys }: Block,
  { rows }: BatchShape,
  shape: EvaShape,
  documents: Node | null,
): Node {
  const query = iota([queries, 1], 0);
  const lastVisible = add(query, integer(start - window));
  // Summaries come first and are all in the past.
  const key = subtract(iota([1, chunks + keys], 1), integer(chunks));
  const causal = not(less(lastVisible, key));
  if (!documents) return visibilityBias(causal);
  const ofQueries = reshape(slice(documents, 1, start, queries), [rows, 1, queries, 1]);
  const ofKeys = slice(documents, 1, window, keys);
  const ofAll = chunks > 0 ? concat([slice(lastOfChunks(documents, shape), 1, 0, chunks), ofKeys], 1) : ofKeys;
  return visibilityBias(and(equal(ofQueries, reshape(ofAll, [rows, 1, 1, chunks + keys])), causal));
}

/** The document of the last token of every chunk, [B, C]: a summary belongs to it. */
function lastOfChunks(documents: Node, { chunkSize }: EvaShape): Node {
  const [rows, length] = documents.shape as [number, number];
  const chunks = reshape(documents, [rows, length / chunkSize, chunkSize]);
  return reshape(slice(chunks, 2, chunkSize - 1, 1), [rows, length / chunkSize]);
}

/** A chunk that ends within a document pools the tokens of that document alone; one that ends at a separator pools all. */
function poolingBias({ rows, sequenceLength }: BatchShape, shape: EvaShape, documents: Node): Node {
  const chunks = sequenceLength / shape.chunkSize;
  const last = reshape(lastOfChunks(documents, shape), [rows, 1, chunks, 1]);
  const tokens = reshape(documents, [rows, 1, chunks, shape.chunkSize]);
  return visibilityBias(or(equal(tokens, last), equal(last, integer(0))));
}

/**
 * @param q, k, v [B, H, N, d], rotated
 * @param mu, phi [1, H, 1, 1, d]
 * @returns [B, H, N, d]
 */
export function evaAttention(
  { q, k, v, mu, phi }: Record<'q' | 'k' | 'v' | 'mu' | 'phi', Node>,
  shape: EvaShape,
  masks: EvaMasks,
): Node {
  const scale = shape.headSize ** -0.5;
  const summarised = masks.blocks.at(-1)!.chunks;
  const summaries = summarised > 0 ? summarise({ k, v, mu, phi }, shape, masks, summarised) : null;
  const within = (x: Node, summary: Node | undefined, { window, chunks }: Block) => {
    const own = slice(x, 2, window, shape.windowSize);
    return chunks > 0 ? concat([slice(summary!, 2, 0, chunks), own], 2) : own;
  };
  const windows = new Map<number, { keys: Node; values: Node }>();
  const outputs = masks.blocks.map((block, index) => {
    const seen = windows.get(block.window) ?? {
      keys: within(k, summaries?.keys, block),
      values: within(v, summaries?.values, block),
    };
    windows.set(block.window, seen);
    const visible = block.chunks + block.keys;
    return attention(
      slice(q, 2, block.start, block.queries),
      slice(seen.keys, 2, 0, visible),
      slice(seen.values, 2, 0, visible),
      {
        bias: masks.biases[index]!,
        scale,
      },
    );
  });
  return concat(outputs, 2);
}

/**
 * Summaries of the first `count` chunks, [B, H, count, d]: keys are pooled by softmax(μ·k), values by
 * softmax(s (φ·k − ½‖k‖²)), each over the tokens of a chunk.
 */
function summarise(
  { k, v, mu, phi }: Record<'k' | 'v' | 'mu' | 'phi', Node>,
  { heads, headSize, chunkSize }: EvaShape,
  { pooling }: EvaMasks,
  count: number,
): { keys: Node; values: Node } {
  const rows = k.shape[0]!;
  const tokens = count * chunkSize;
  const past = slice(k, 2, 0, tokens);
  const inChunks = (x: Node) => reshape(slice(x, 2, 0, tokens), [rows, heads, count, chunkSize, headSize]);
  const dot = (weight: Node) =>
    reshape(matmul(past, reshape(weight, [1, heads, headSize, 1])), [rows, heads, count, chunkSize]);
  const squares = reshape(sum(multiply(past, past), [3]), [rows, heads, count, chunkSize]);
  const bias = pooling && slice(pooling, 2, 0, count);
  const pool = (logits: Node, x: Node) => {
    const weights = reshape(softmax(bias ? add(logits, bias) : logits), [rows, heads, count, chunkSize, 1]);
    return reshape(sum(multiply(weights, inChunks(x)), [3]), [rows, heads, count, headSize]);
  };
  const valueLogits = multiply(subtract(dot(phi), multiply(squares, scalar(0.5))), scalar(headSize ** -0.5));
  return { keys: pool(dot(mu), k), values: pool(valueLogits, v) };
}
