import { someIds } from './logits.js';
import { TINY_OPENCODER } from './models.js';

/** Longer than a block of queries, so that attention is put together of several. */
const LENGTH = 200;

export const VOCABULARY = 320;

/** What a prompt is and where its logits are compared: keeping all of them would make the golden large. */
export const PROMPT = someIds(LENGTH, VOCABULARY);
export const POSITIONS = [0, 1, 63, 64, 130, LENGTH - 1];

/** Models whose logits `transformers` computed: every way in which attention and the output differ. */
export const LLAMA_CASES = [
  { name: 'grouped', model: { ...TINY_OPENCODER, normEpsilon: 1e-3 }, seed: 3 },
  { name: 'grouped_tied', model: { ...TINY_OPENCODER, tiedEmbedding: true, ropeTheta: 500 }, seed: 4 },
  { name: 'ungrouped', model: { ...TINY_OPENCODER, keyValueHeads: null, headSize: null, hiddenSize: 16 }, seed: 5 },
  { name: 'one_key_head', model: { ...TINY_OPENCODER, keyValueHeads: 1, headSize: 2, layers: 1 }, seed: 6 },
] as const;

/** The rows of [N, V] at the compared positions. */
export function atPositions(logits: Float32Array): Float32Array {
  return Float32Array.from(
    POSITIONS.flatMap((position) => [...logits.subarray(position * VOCABULARY, (position + 1) * VOCABULARY)]),
  );
}
