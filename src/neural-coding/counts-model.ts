import { createHash } from 'node:crypto';
import type { ProbabilityModel } from './byte-model.js';
import type { ShortContexts } from './counts-contexts.js';
import type { TextSample } from './counts-sample.js';
import { type CountsTrie, growTrie, type TrieGrowth } from './counts-trie.js';

/** Weight of what was never seen where nothing was seen just once: chosen on held-out text, where it hardly matters. */
const LEAST_WEIGHT = 0.1;

/**
 * What the counts of text give in place of a trained model: P(b | x) from how often b followed x at the starting positions.
 * The rest is left to the distribution after the last two bytes, with the weight of as many occurrences as there are bytes
 * seen once, which estimate the unseen ones (I. J. Good, 1953; method X of Witten and Bell, 1991). Sums, products and
 * quotients of doubles in a fixed order: the same on every machine.
 */
export class CountsModel implements ProbabilityModel {
  readonly fingerprint: string;

  constructor(
    private readonly trie: CountsTrie,
    private readonly contexts: ShortContexts,
  ) {
    const hash = createHash('sha256').update(contexts.fingerprint);
    for (const column of [trie.edgeStarts, trie.edgeBytes, trie.edgeCounts, trie.edgeNodes]) hash.update(column);
    this.fingerprint = `counts:${hash.digest('hex')}`;
  }

  /** Strings whose followers were counted. */
  get nodes(): number {
    return this.trie.edgeStarts.length - 1;
  }

  async probabilities(prefixes: readonly Uint8Array[]): Promise<Float64Array> {
    const probabilities = new Float64Array(prefixes.length * 256);
    for (const [row, prefix] of prefixes.entries())
      this.distribution(prefix, probabilities.subarray(row * 256, row * 256 + 256));
    return probabilities;
  }

  private distribution(prefix: Uint8Array, into: Float64Array): void {
    this.contexts.after(prefix, into);
    const node = this.nodeOf(prefix);
    if (node === null) return;
    const { edgeStarts, edgeBytes, edgeCounts } = this.trie;
    const [first, end] = [edgeStarts[node]!, edgeStarts[node + 1]!];
    let sum = 0;
    let weight = LEAST_WEIGHT;
    for (let edge = first; edge < end; edge++) {
      sum += edgeCounts[edge]!;
      if (edgeCounts[edge] === 1) weight++;
    }
    if (sum === 0) return;
    for (let byte = 0; byte < 256; byte++) into[byte] = (weight * into[byte]!) / (sum + weight);
    for (let edge = first; edge < end; edge++) into[edgeBytes[edge]!]! += edgeCounts[edge]! / (sum + weight);
  }

  private nodeOf(prefix: Uint8Array): number | null {
    const { edgeStarts, edgeBytes, edgeNodes } = this.trie;
    let node = 0;
    for (const byte of prefix) {
      let [low, high] = [edgeStarts[node]!, edgeStarts[node + 1]!];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (edgeBytes[middle]! < byte) low = middle + 1;
        else high = middle;
      }
      if (low === edgeStarts[node + 1] || edgeBytes[low] !== byte || edgeNodes[low] === 0) return null;
      node = edgeNodes[low]!;
    }
    return node;
  }
}

export interface CountingOptions extends Omit<TrieGrowth, 'leastCount'> {
  /** Of the same sample. */
  contexts: ShortContexts;
  /** τ: strings rarer than one in 2^τ are no phrases, and are not looked into. */
  windowBits: number;
}

/**
 * Counts what follows the starting positions of a sample.
 *
 * @param starts ascending positions; overwritten
 * @throws the signal's reason
 */
export async function countsModel(
  sample: TextSample,
  starts: Uint32Array,
  { contexts, windowBits, ...growth }: CountingOptions,
): Promise<CountsModel> {
  const leastCount = Math.max(2, starts.length / 2 ** windowBits);
  return new CountsModel(await growTrie(sample, starts, { ...growth, leastCount }), contexts);
}
