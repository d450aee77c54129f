import { CodebookError } from '../support/errors.js';
import { breadthFirst, type TrieLinks, type TrieShape } from './trie-links.js';

/**
 * A trie in one array, after Aoe's double array: a node is a *base*, a number of its own, and its child by byte b is in cell
 * base + b. Since no two nodes share a base, the byte alone tells whether the cell belongs to the node, so that a step is
 * one read of memory and one comparison:
 *
 *     cell = cells[base + b];  has the child when (cell & LABEL_MASK) === b;  its base is cell >>> LABEL_BITS
 */
export interface DoubleArray {
  /** Base of a child above its byte, or EMPTY; at least 256 cells behind every base. */
  readonly cells: Int32Array;
  /** Base of each node of the trie; the root's is 0. */
  readonly bases: Uint32Array;
  /** Bases are below this. */
  readonly baseLimit: number;
}

/** One more than a byte has: the label of an empty cell is no byte. */
export const LABEL_BITS = 9;
export const LABEL_MASK = (1 << LABEL_BITS) - 1;
const EMPTY = 256;

/** Bases are what is left of 32 bits. */
const LARGEST_BASE = 2 ** (32 - LABEL_BITS) - 1;

/** Nodes of as many children as this or more search from one place. */
const SIZE_CLASSES = 16;

/** @throws CodebookError if the trie has more nodes than bases fit in a cell, some eight million. */
export function doubleArray(trie: TrieShape, links: TrieLinks): DoubleArray {
  const nodes = trie.bytes.length;
  const bases = new Uint32Array(nodes);
  const slots = new Slots(nodes);
  const children = new Uint32Array(256);
  // Nodes near the root are visited most: placed first, they share lines of the cache.
  const order = breadthFirst(links);
  for (const node of order) {
    const count = trie.childCounts[node]!;
    if (count === 0) continue;
    for (let index = 0, child = node + 1; index < count; index++, child = links.ends[child]!) {
      children[index] = trie.bytes[child]!;
    }
    bases[node] = slots.place(children.subarray(0, count));
  }
  for (const node of order) if (trie.childCounts[node] === 0) bases[node] = slots.leaf();
  if (slots.baseLimit > LARGEST_BASE + 1) {
    throw new CodebookError(`a trie of ${nodes} nodes is too large: it needs bases above ${LARGEST_BASE}`, {
      hint: 'Make it with fewer bits of a window, or fewer contexts.',
    });
  }
  const cells = new Int32Array(slots.baseLimit + 256).fill(EMPTY);
  for (let node = 1; node < nodes; node++) {
    const byte = trie.bytes[node]!;
    cells[bases[links.parents[node]!]! + byte] = (bases[node]! << LABEL_BITS) | byte;
  }
  return { cells, bases, baseLimit: slots.baseLimit };
}

/** Which cells and bases are free while the array is filled. */
class Slots {
  /** Largest base given so far, plus one. */
  baseLimit = 0;
  #taken: Uint8Array;
  /** A free cell at or after each cell, as a forest that finds its roots: a free cell is its own. */
  #free: Uint32Array;
  /** Where the search for a node of so many children found its last place: what lies before is too full for it. */
  readonly #from = new Uint32Array(SIZE_CLASSES + 1);
  #leaf = 0;

  constructor(expected: number) {
    this.#taken = new Uint8Array(2 * expected + 1024);
    this.#free = Uint32Array.from({ length: this.#taken.length }, (_, cell) => cell);
  }

  /** The base of a node with children by these bytes, ascending. */
  place(labels: Uint8Array | Uint32Array): number {
    const size = Math.min(labels.length, SIZE_CLASSES);
    const first = labels[0]!;
    for (let cell = this.#findFree(Math.max(first, this.#from[size]!)); ; cell = this.#findFree(cell + 1)) {
      const base = cell - first;
      this.#reserve(base + 256);
      if (this.#taken[base] === 1 || !labels.every((label) => this.#free[base + label] === base + label)) continue;
      for (const label of labels) this.#free[base + label] = base + label + 1;
      this.#from[size] = cell;
      this.#take(base);
      return base;
    }
  }

  /** The lowest free base, for a node without children. */
  leaf(): number {
    while (this.#taken[this.#leaf] === 1) this.#reserve(++this.#leaf);
    this.#take(this.#leaf);
    return this.#leaf;
  }

  #take(base: number): void {
    this.#taken[base] = 1;
    this.baseLimit = Math.max(this.baseLimit, base + 1);
  }

  #findFree(cell: number): number {
    this.#reserve(cell);
    let root = cell;
    while (this.#free[root] !== root) {
      root = this.#free[root]!;
      this.#reserve(root);
    }
    for (let at = cell; at !== root; ) {
      const next = this.#free[at]!;
      this.#free[at] = root;
      at = next;
    }
    return root;
  }

  #reserve(cell: number): void {
    const had = this.#taken.length;
    if (cell < had - 1) return;
    const taken = new Uint8Array(2 * had + cell);
    taken.set(this.#taken);
    const free = new Uint32Array(taken.length);
    free.set(this.#free);
    for (let at = had; at < free.length; at++) free[at] = at;
    this.#taken = taken;
    this.#free = free;
  }
}
