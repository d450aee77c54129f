import type { FrequencyModel } from './byte-model.js';
import { doubleIntervals } from './intervals.js';
import type { WindowCoder } from './parameters.js';
import type { PhraseTree, PreorderTrie } from './phrase-tree.js';
import type { GrowthOptions } from './phrases.js';
import { phrasesWithCells } from './phrases.js';
import { widestStrings } from './widest-strings.js';

/** What tells one window coder from another: which strings a window can be, and which code each has. */
export interface CoderRules {
  /** The strings that the greedy walk goes down through, all prefixes included. */
  phrases(model: FrequencyModel, windowBits: number, options?: GrowthOptions): Promise<PhraseTree>;
  /** The code of each node, −1 where it has none. */
  codes(trie: PreorderTrie, windowBits: number): Int32Array;
  /** Whether a code belongs to one phrase at most; otherwise those that share one are prefixes of each other. */
  readonly unique: boolean;
}

export const CODER_RULES: Readonly<Record<WindowCoder, CoderRules>> = {
  strict: { phrases: phrasesWithCells, codes: lowestOwnedCells, unique: true },
  lester: { phrases: phrasesWithCells, codes: shortestDyadicIntervals, unique: false },
  dense: { phrases: widestStrings, codes: preorderRanks, unique: true },
};

/**
 * A cell is owned by the longest phrase whose interval holds it whole; a phrase's code is the lowest cell it owns. The cells
 * of children are disjoint ranges, ascending inside their parent's, so one sweep in preorder sees every gap between them.
 */
function lowestOwnedCells({ childCounts, lows, widths }: PreorderTrie, windowBits: number): Int32Array {
  const { cells } = doubleIntervals(windowBits);
  const codes = new Int32Array(childCounts.length).fill(-1);
  const path: { node: number; children: number; free: number; end: number }[] = [];
  for (let node = 0; node < childCounts.length; node++) {
    const { first, end } = cells({ low: lows[node]!, width: widths[node]! });
    const parent = path.at(-1);
    if (parent !== undefined) {
      if (codes[parent.node] === -1 && first > parent.free) codes[parent.node] = parent.free;
      parent.free = end;
      parent.children--;
    }
    path.push({ node, children: childCounts[node]!, free: first, end });
    while (path.at(-1)?.children === 0) {
      const left = path.pop()!;
      if (codes[left.node] === -1 && left.free < left.end) codes[left.node] = left.free;
    }
  }
  return codes;
}

/**
 * The shortest string of bits whose dyadic interval lies in the phrase's, zeros behind it up to τ bits (Lester et al. 2024).
 * A phrase and its prefixes can have the same one.
 */
function shortestDyadicIntervals({ lows, widths }: PreorderTrie, windowBits: number): Int32Array {
  const { cells } = doubleIntervals(windowBits);
  const codes = new Int32Array(lows.length).fill(-1);
  for (let node = 1; node < lows.length; node++) {
    const { first, end } = cells({ low: lows[node]!, width: widths[node]! });
    let size = 2 ** (31 - Math.clz32(end - first));
    while (Math.ceil(first / size) * size + size > end) size /= 2;
    codes[node] = Math.ceil(first / size) * size;
  }
  return codes;
}

function preorderRanks({ bytes }: PreorderTrie): Int32Array {
  return Int32Array.from(bytes, (_, node) => node - 1);
}
