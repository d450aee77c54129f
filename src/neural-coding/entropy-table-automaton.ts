import { doubleArray, LABEL_BITS, LABEL_MASK } from './double-array.js';
import type { ContextTrie } from './entropy-table.js';
import { breadthFirst, trieLinks } from './trie-links.js';

const ROOT = 0;

/**
 * Finds the longest context that ends at each byte, in a step or two a byte: the automaton of Aho and Corasick (1975) over
 * the trie of contexts. A state is the base of a context in a double array; where the context cannot be continued by a
 * byte, the next shorter one that can be is taken. The states after contexts that nothing continues are those shorter
 * ones at once.
 */
export class EntropyAutomaton {
  readonly #cells: Int32Array;
  /** By base: entropy of the byte after the context. */
  readonly #entropies: Uint16Array;
  /** By base: the state in which the next byte is read. */
  readonly #resumes: Int32Array;
  /** By base of a state: the longest shorter context that something continues. */
  readonly #shorter: Int32Array;

  /** @param trie well formed, as `readEntropyTable` and `buildContexts` give it */
  constructor(trie: ContextTrie) {
    const links = trieLinks(trie);
    const { cells, bases, baseLimit } = doubleArray(trie, links);
    const entropies = new Uint16Array(baseLimit);
    const resumes = new Int32Array(baseLimit);
    const shorter = new Int32Array(baseLimit);
    const suffixes = new Int32Array(baseLimit);
    for (const node of breadthFirst(links)) {
      const base = bases[node]!;
      entropies[base] = trie.entropies[node]!;
      const parent = bases[Math.max(ROOT, links.parents[node]!)]!;
      if (parent !== ROOT) suffixes[base] = longestSuffix(cells, suffixes, suffixes[parent]!, trie.bytes[node]!);
      // Suffixes are shorter: their entries are there already.
      shorter[base] = resumes[suffixes[base]!]!;
      resumes[base] = trie.childCounts[node]! > 0 ? base : shorter[base]!;
    }
    this.#cells = cells;
    this.#entropies = entropies;
    this.#resumes = resumes;
    this.#shorter = shorter;
  }

  /**
   * h_t of each byte of a document, in units of 1/4096 bit.
   *
   * @param into where they are written, at least as long as the document; what is returned is its beginning
   */
  run(document: Uint8Array, into: Uint16Array = new Uint16Array(document.length)): Uint16Array {
    const cells = this.#cells;
    const entropies = this.#entropies;
    const resumes = this.#resumes;
    const shorter = this.#shorter;
    const { length } = document;
    let state = ROOT;
    let entropy = entropies[ROOT]!;
    for (let t = 0; t < length; t++) {
      into[t] = entropy;
      const byte = document[t]!;
      let cell = cells[state + byte]!;
      while ((cell & LABEL_MASK) !== byte && state !== ROOT) {
        state = shorter[state]!;
        cell = cells[state + byte]!;
      }
      const base = (cell & LABEL_MASK) === byte ? cell >>> LABEL_BITS : ROOT;
      entropy = entropies[base]!;
      state = resumes[base]!;
    }
    return into.subarray(0, length);
  }
}

/** The longest context of the trie that the one at `state`, or a suffix of that, becomes by a byte; the empty one if none. */
function longestSuffix(cells: Int32Array, suffixes: Int32Array, state: number, byte: number): number {
  for (let at = state; ; at = suffixes[at]!) {
    const cell = cells[at + byte]!;
    if ((cell & LABEL_MASK) === byte) return cell >>> LABEL_BITS;
    if (at === ROOT) return ROOT;
  }
}
