import { INTERVAL_BITS } from './parameters.js';

/** A tree of strings that is grown: each node knows its parent, which comes before it. Node 0 is the empty string. */
export class PhraseTree {
  size = 1;
  private bytes = new Uint8Array(1 << 10);
  private depths = new Uint8Array(1 << 10);
  private parents = new Int32Array(1 << 10);
  private lows = new Float64Array(1 << 10);
  private widths = new Float64Array(1 << 10);
  private likelihoods = new Float64Array(1 << 10);

  constructor() {
    this.widths[0] = 2 ** INTERVAL_BITS;
    this.likelihoods[0] = 1;
  }

  /**
   * Adds the string of `parent` and `byte`, whose interval is [low, low + width). A node's children are added one after the
   * other, by ascending byte, with nothing between them.
   *
   * @param likelihood under the float model that widths are rounded from; NaN where there is none
   */
  push(parent: number, byte: number, low: number, width: number, likelihood = Number.NaN): void {
    if (this.size === this.bytes.length) this.grow();
    const node = this.size++;
    this.bytes[node] = byte;
    this.depths[node] = this.depths[parent]! + 1;
    this.parents[node] = parent;
    this.lows[node] = low;
    this.widths[node] = width;
    this.likelihoods[node] = likelihood;
  }

  /** Length of the node's string. */
  depth(node: number): number {
    return this.depths[node]!;
  }

  low(node: number): number {
    return this.lows[node]!;
  }

  width(node: number): number {
    return this.widths[node]!;
  }

  likelihood(node: number): number {
    return this.likelihoods[node]!;
  }

  text(node: number): Uint8Array {
    const text = new Uint8Array(this.depths[node]!);
    for (let at = node, left = text.length; left > 0; at = this.parents[at]!) text[--left] = this.bytes[at]!;
    return text;
  }

  /** The nodes to keep, in the same order; whose parent is left out must be left out. */
  filter(keep: (node: number) => boolean): PhraseTree {
    const kept = new PhraseTree();
    const numbers = new Int32Array(this.size);
    for (let node = 1; node < this.size; node++) {
      if (!keep(node)) continue;
      numbers[node] = kept.size;
      const parent = numbers[this.parents[node]!]!;
      kept.push(parent, this.bytes[node]!, this.lows[node]!, this.widths[node]!, this.likelihoods[node]!);
    }
    return kept;
  }

  /** The same strings in preorder, children by ascending byte. */
  inPreorder(): PreorderTrie {
    const { size } = this;
    const childCounts = new Uint16Array(size);
    const firstChildren = new Int32Array(size);
    for (let node = size - 1; node > 0; node--) {
      const parent = this.parents[node]!;
      childCounts[parent]!++;
      firstChildren[parent] = node;
    }
    const trie: PreorderTrie = {
      bytes: new Uint8Array(size),
      childCounts: new Uint16Array(size),
      lows: new Float64Array(size),
      widths: new Float64Array(size),
    };
    const pending = [0];
    for (let index = 0; index < size; index++) {
      const node = pending.pop()!;
      trie.bytes[index] = this.bytes[node]!;
      trie.childCounts[index] = childCounts[node]!;
      trie.lows[index] = this.lows[node]!;
      trie.widths[index] = this.widths[node]!;
      for (let child = childCounts[node]! - 1; child >= 0; child--) pending.push(firstChildren[node]! + child);
    }
    return trie;
  }

  private grow(): void {
    this.bytes = lengthened(this.bytes, new Uint8Array(this.size * 2));
    this.depths = lengthened(this.depths, new Uint8Array(this.size * 2));
    this.parents = lengthened(this.parents, new Int32Array(this.size * 2));
    this.lows = lengthened(this.lows, new Float64Array(this.size * 2));
    this.widths = lengthened(this.widths, new Float64Array(this.size * 2));
    this.likelihoods = lengthened(this.likelihoods, new Float64Array(this.size * 2));
  }
}

/** A tree of strings with their intervals; node 0 is the empty string, its byte is 0. */
export interface PreorderTrie {
  readonly bytes: Uint8Array;
  readonly childCounts: Uint16Array;
  readonly lows: Float64Array;
  readonly widths: Float64Array;
}

function lengthened<T extends { set(from: ArrayLike<number>): void }>(column: ArrayLike<number>, longer: T): T {
  longer.set(column);
  return longer;
}
