import type { Codebook } from './codebook.js';
import { type DoubleArray, doubleArray, LABEL_BITS, LABEL_MASK } from './double-array.js';
import type { PhraseTable } from './phrase-table.js';
import { breadthFirst, type TrieShape, trieLinks } from './trie-links.js';

/**
 * The parse of rule 7 (architecture §13) as an automaton that reads every byte once. By the rule, one walks down the trie as
 * far as the bytes go, to a string d, emits the longest beginning of d that has a code, and goes on after it, reading the
 * rest of d again. Which codes come of d, and at which node the rest of d ends, does not depend on what follows: both
 * are kept with d's node, as Aho and Corasick keep the node to fall back to. Where bytes end, the same entries, followed
 * until nothing is pending, finish the parse.
 *
 * What is emitted are *units*: a literal byte b as b, phrase p of the phrase table as 256 + p.
 */
export class WindowAutomaton {
  readonly #cells: Int32Array;
  /** By base of a node: the unit it emits, or −1 − the place of its units in `#lists`, their number first. */
  readonly #emissions: Int32Array;
  /** By base of a node: base of the node that goes on after the emission. */
  readonly #resumes: Int32Array;
  readonly #lists: Int32Array;

  constructor(codebook: Codebook, phrases: PhraseTable) {
    const { trie, units } = withEveryByte(codebook, phrases);
    const links = trieLinks(trie);
    const { cells, bases, baseLimit }: DoubleArray = doubleArray(trie, links);
    const emissions = new Int32Array(baseLimit);
    const resumes = new Int32Array(baseLimit);
    const lists: number[] = [];
    const read = (emission: number): number[] => {
      if (emission >= 0) return [emission];
      const start = -1 - emission;
      return lists.slice(start + 1, start + 1 + lists[start]!);
    };
    // By length: what falls out of a string are shorter strings, done before it.
    for (const node of breadthFirst(links).subarray(1)) {
      const base = bases[node]!;
      const unit = units[node]!;
      if (unit >= 0) {
        // The whole string is emitted; nothing is left.
        emissions[base] = unit;
        continue;
      }
      // The string has no code: the window is the one of the string without its last byte, and the rest of that is read on.
      const above = bases[links.parents[node]!]!;
      const byte = trie.bytes[node]!;
      const more: number[] = [];
      let state = resumes[above]!;
      while ((cells[state + byte]! & LABEL_MASK) !== byte) {
        more.push(...read(emissions[state]!));
        state = resumes[state]!;
      }
      resumes[base] = cells[state + byte]! >>> LABEL_BITS;
      emissions[base] = emissions[above]!;
      if (more.length === 0) continue;
      const all = [...read(emissions[above]!), ...more];
      emissions[base] = -1 - lists.length;
      lists.push(all.length, ...all);
    }
    this.#cells = cells;
    this.#emissions = emissions;
    this.#resumes = resumes;
    this.#lists = Int32Array.from(lists);
  }

  /**
   * Reads bytes[start..end) and appends the units that are certain by then: at most one for each byte, those included that
   * were pending, of which there are at most Lmax.
   */
  read(bytes: Uint8Array, start: number, end: number, progress: ParseProgress, output: Uint32Array): void {
    const cells = this.#cells;
    const emissions = this.#emissions;
    const resumes = this.#resumes;
    let { state, written } = progress;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      let cell = cells[state + byte]!;
      while ((cell & LABEL_MASK) !== byte) {
        const emission = emissions[state]!;
        if (emission >= 0) output[written++] = emission;
        else written = this.#appendList(emission, output, written);
        state = resumes[state]!;
        cell = cells[state + byte]!;
      }
      state = cell >>> LABEL_BITS;
    }
    progress.state = state;
    progress.written = written;
  }

  /** Appends the units of what is pending where a segment ends. */
  finish(progress: ParseProgress, output: Uint32Array): void {
    for (; progress.state !== 0; progress.state = this.#resumes[progress.state]!) {
      const emission = this.#emissions[progress.state]!;
      if (emission >= 0) output[progress.written++] = emission;
      else progress.written = this.#appendList(emission, output, progress.written);
    }
  }

  #appendList(emission: number, output: Uint32Array, written: number): number {
    const lists = this.#lists;
    const start = -emission;
    const count = lists[start - 1]!;
    for (let index = 0; index < count; index++) output[written + index] = lists[start + index]!;
    return written + count;
  }
}

/** How far a parse has come. */
export interface ParseProgress {
  /** Node that the walk has reached, as its base in the double array; 0, the root, where nothing is pending. */
  state: number;
  /** Units in the output. */
  written: number;
}

/**
 * The codebook's trie with all 256 strings of one byte, so that the root never fails, and the unit of each node: −1 without
 * a code. A single byte without one is its own literal.
 */
function withEveryByte(codebook: Codebook, { ofNode }: PhraseTable): { trie: TrieShape; units: Int32Array } {
  const missing = 256 - codebook.childCounts[0]!;
  const nodes = codebook.bytes.length + missing;
  const bytes = new Uint8Array(nodes);
  const childCounts = new Uint16Array(nodes);
  const units = new Int32Array(nodes).fill(-1);
  childCounts[0] = 256;
  const { ends } = trieLinks(codebook);
  let from = 1;
  let to = 1;
  for (let byte = 0; byte < 256; byte++) {
    units[to] = byte;
    if (from === codebook.bytes.length || codebook.bytes[from] !== byte) {
      bytes[to++] = byte;
      continue;
    }
    for (const end = ends[from]!; from < end; from++, to++) {
      bytes[to] = codebook.bytes[from]!;
      childCounts[to] = codebook.childCounts[from]!;
      if (ofNode[from]! >= 0) units[to] = 256 + ofNode[from]!;
    }
  }
  return { trie: { bytes, childCounts }, units };
}
