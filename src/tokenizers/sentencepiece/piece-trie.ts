/**
 * A trie of byte strings as a double array (Aoe, "An efficient digital search algorithm by using a double-array
 * structure", 1989): a node's child for a byte lies at `base XOR byte`, and its `check` names the parent. One step is
 * one memory access.
 */
export interface TrieEntry {
  /** Not empty, and no other entry's. */
  key: Uint8Array;
  /** 0 … 2³¹ − 1. */
  value: number;
}

/** Int32 values of a node: base, check (the parent), value. The fourth keeps nodes aligned. */
const NODE = 4;
const CHECK = 1;
const VALUE = 2;
const ROOT = 0;
const FREE = -1;
const NO_VALUE = -1;
/** Children of a node lie in one block: XOR with a byte stays in it. */
const BLOCK = 256;
/** Free places that are tried for a node before a new block is opened: bounds the time of building. */
const ATTEMPTS = 64;

export class PieceTrie {
  private nodes: Int32Array;

  constructor(entries: readonly TrieEntry[]) {
    this.nodes = new TrieBuilder(entries).nodes;
  }

  /** The child of a node, or −1. The root is node 0. */
  step(node: number, byte: number): number {
    const child = this.nodes[node * NODE]! ^ byte;
    return this.nodes[child * NODE + CHECK] === node ? child : -1;
  }

  /** The value of the key that ends at a node, or −1. */
  valueAt(node: number): number {
    return this.nodes[node * NODE + VALUE]!;
  }

  /** The value of the key `text[start … end)`, or −1. */
  get(text: Uint8Array, start: number, end: number): number {
    let node = ROOT;
    for (let i = start; i < end && node >= 0; i++) node = this.step(node, text[i]!);
    return node < 0 ? NO_VALUE : this.valueAt(node);
  }

  /** Bytes of the longest key that `text` has at `at`; 0 if there is none. */
  longestMatch(text: Uint8Array, at: number): number {
    let node = ROOT;
    let length = 0;
    for (let i = at; i < text.length; i++) {
      node = this.step(node, text[i]!);
      if (node < 0) break;
      if (this.valueAt(node) >= 0) length = i + 1 - at;
    }
    return length;
  }
}

/** Lays nodes out from the root down; free places form a ring, so that a search goes on where the last one ended. */
class TrieBuilder {
  nodes = new Int32Array(0);
  private nextFree = new Int32Array(0);
  private previousFree = new Int32Array(0);
  private capacity = 0;
  /** Any free place, or −1 if there is none. */
  private cursor = FREE;
  private readonly labels = new Uint8Array(BLOCK);
  private readonly starts = new Int32Array(BLOCK + 1);

  constructor(entries: readonly TrieEntry[]) {
    const sorted = [...entries].sort((a, b) => Buffer.compare(a.key, b.key));
    this.openBlock();
    this.occupy(ROOT, ROOT);
    // A stack, not recursion: keys may be long. Each item: the node, its range of entries, and its depth.
    const stack: [node: number, from: number, to: number, depth: number][] = [[ROOT, 0, sorted.length, 0]];
    for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
      const [node, first, to, depth] = item;
      let from = first;
      if (from < to && sorted[from]!.key.length === depth) this.nodes[node * NODE + VALUE] = sorted[from++]!.value;
      const children = this.childrenOf(sorted, from, to, depth);
      if (children === 0) continue;
      const base = this.place(children);
      this.nodes[node * NODE] = base;
      for (let i = 0; i < children; i++) {
        const child = base ^ this.labels[i]!;
        this.occupy(child, node);
        stack.push([child, this.starts[i]!, this.starts[i + 1]!, depth + 1]);
      }
    }
    this.nodes[CHECK] = FREE;
  }

  /** Collects the bytes that follow at `depth`, and where the entries of each begin. */
  private childrenOf(sorted: readonly TrieEntry[], from: number, to: number, depth: number): number {
    let count = 0;
    for (let i = from; i < to; i++) {
      const label = sorted[i]!.key[depth]!;
      if (count > 0 && this.labels[count - 1] === label) continue;
      this.labels[count] = label;
      this.starts[count++] = i;
    }
    this.starts[count] = to;
    return count;
  }

  /** A base at which all children find a free place. */
  private place(children: number): number {
    for (let attempt = 0; attempt < ATTEMPTS && this.cursor !== FREE; attempt++) {
      const base = this.cursor ^ this.labels[0]!;
      if (this.fits(base, children)) return base;
      this.cursor = this.nextFree[this.cursor]!;
    }
    return this.openBlock();
  }

  private fits(base: number, children: number): boolean {
    for (let i = 0; i < children; i++) {
      if (this.nodes[(base ^ this.labels[i]!) * NODE + CHECK] !== FREE) return false;
    }
    return true;
  }

  private openBlock(): number {
    const start = this.capacity;
    this.capacity += BLOCK;
    if (this.capacity * NODE > this.nodes.length) {
      const room = Math.max(4 * BLOCK, this.capacity * 2);
      this.nodes = grown(this.nodes, room * NODE);
      this.nextFree = grown(this.nextFree, room);
      this.previousFree = grown(this.previousFree, room);
      // Beyond the last block too, `check` must match no node.
      for (let node = start; node < room; node++) this.nodes[node * NODE + CHECK] = FREE;
    }
    for (let node = start; node < this.capacity; node++) {
      this.nodes[node * NODE + VALUE] = NO_VALUE;
      this.nextFree[node] = node + 1;
      this.previousFree[node] = node - 1;
    }
    const last = this.capacity - 1;
    const neighbour = this.cursor === FREE ? start : this.cursor;
    const before = this.cursor === FREE ? last : this.previousFree[neighbour]!;
    this.link(last, neighbour);
    this.link(before, start);
    this.cursor = start;
    return start;
  }

  private link(node: number, next: number): void {
    this.nextFree[node] = next;
    this.previousFree[next] = node;
  }

  private occupy(node: number, parent: number): void {
    this.nodes[node * NODE + CHECK] = parent;
    const next = this.nextFree[node]!;
    if (this.cursor === node) this.cursor = next === node ? FREE : next;
    this.link(this.previousFree[node]!, next);
  }
}

function grown(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(array);
  return larger;
}
