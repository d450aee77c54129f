/** A trie in preorder, children by ascending byte, as codebooks hold it; node 0 is the root. */
export interface TrieShape {
  /** Byte on the edge into each node; the root's is 0. */
  readonly bytes: Uint8Array;
  readonly childCounts: Uint16Array;
}

/** What preorder and counts of children leave implicit. */
export interface TrieLinks {
  /** Parent of each node; −1 for the root. */
  readonly parents: Int32Array;
  /**
   * One past the last node below each node: node + 1 is the first child where there is one, and the sibling after a child
   * is the end of that child.
   */
  readonly ends: Uint32Array;
  /** Length of each node's string. */
  readonly depths: Uint8Array;
}

export function trieLinks({ childCounts }: TrieShape): TrieLinks {
  const nodes = childCounts.length;
  const parents = new Int32Array(nodes).fill(-1);
  const depths = new Uint8Array(nodes);
  const left = Uint16Array.from(childCounts);
  for (let node = 1, above = 0; node < nodes; node++) {
    while (left[above] === 0) above = parents[above]!;
    left[above]!--;
    parents[node] = above;
    depths[node] = depths[above]! + 1;
    above = node;
  }
  const ends = new Uint32Array(nodes);
  for (let node = nodes - 1; node >= 0; node--) {
    // Nodes below come later in preorder: theirs are known, and what they reported is their furthest.
    if (ends[node] === 0) ends[node] = node + 1;
    const parent = parents[node]!;
    if (parent >= 0 && ends[parent] === 0) ends[parent] = ends[node]!;
  }
  return { parents, ends, depths };
}

/** The nodes by length of their strings; within a length in preorder. */
export function breadthFirst({ depths }: TrieLinks): Uint32Array {
  const starts = new Uint32Array(257);
  for (const depth of depths) starts[depth + 1]!++;
  for (let depth = 1; depth < starts.length; depth++) starts[depth]! += starts[depth - 1]!;
  const order = new Uint32Array(depths.length);
  for (let node = 0; node < depths.length; node++) order[starts[depths[node]!]!++] = node;
  return order;
}

/**
 * What keeps columns of numbers from being one tree in preorder, siblings by ascending byte, in words; null for a tree. What
 * reads tries from files asks this first: everything else relies on it.
 *
 * @param longest bytes of the longest string
 */
export function trieFault({ bytes, childCounts }: TrieShape, longest: number): string | null {
  /** Of the nodes from the root to the last one: children still to come, and the byte of the last that came. */
  const left = new Int32Array(longest + 1);
  const lastBytes = new Int32Array(longest + 1);
  let depth = -1;
  for (let node = 0; node < bytes.length; node++) {
    while (depth >= 0 && left[depth] === 0) depth--;
    if (node > 0) {
      if (depth < 0) return `node ${node} is nobody's child`;
      if (bytes[node]! <= lastBytes[depth]!) return `node ${node} is out of order among its siblings`;
      lastBytes[depth] = bytes[node]!;
      left[depth]!--;
    }
    depth++;
    if (depth > longest) return `node ${node} is longer than ${longest} bytes`;
    left[depth] = childCounts[node]!;
    lastBytes[depth] = -1;
  }
  const missing = left.subarray(0, depth + 1).reduce((sum, children) => sum + children, 0);
  return missing === 0 ? null : `${missing} nodes are missing at its end`;
}
