import { setImmediate } from 'node:timers/promises';
import type { TextSample } from './counts-sample.js';
import { LONGEST_PHRASE } from './parameters.js';

/**
 * How often each byte follows each string that begins at one of the starting positions and is frequent enough. Nodes are
 * those strings, level by level; node 0 is the empty one.
 */
export interface CountsTrie {
  /** [nodes + 1]: the edges of node n are those from `edgeStarts[n]` up to `edgeStarts[n + 1]`, by ascending byte. */
  readonly edgeStarts: Uint32Array;
  readonly edgeBytes: Uint8Array;
  /** Occurrences, at least 1. */
  readonly edgeCounts: Uint32Array;
  /** The node that an edge leads to, or 0 where what follows it was not counted. */
  readonly edgeNodes: Uint32Array;
}

export interface TrieGrowth {
  /** Least occurrences of a string for the bytes after it to be counted. */
  leastCount: number;
  signal?: AbortSignal | undefined;
  /** Called after each level with the starts that it looked at. */
  onLevel?(depth: number, looked: number): void;
}

/** Nodes whose counters are in memory at a time: 128 MB of them. */
const NODES_AT_ONCE = 1 << 17;
const DEAD = 0xffff_ffff;

/**
 * Counts level by level: every start remembers the node that its text has reached, and each level goes over the starts in
 * order, so that the text is read forwards. Exact, and the same in whatever order the documents were gathered.
 *
 * @param starts ascending positions of the sample; overwritten
 * @throws the signal's reason
 */
export async function growTrie(
  { bytes, ends }: TextSample,
  starts: Uint32Array,
  { leastCount, signal, onLevel }: TrieGrowth,
): Promise<CountsTrie> {
  const edges = new EdgeList();
  const reached = new Uint32Array(starts.length);
  let alive = starts.length;
  let [firstNode, nodes] = [0, 1];
  for (let depth = 0; depth < LONGEST_PHRASE && firstNode < nodes; depth++) {
    onLevel?.(depth, alive);
    await setImmediate();
    signal?.throwIfAborted();
    const levelEnd = nodes;
    alive = dropEnded({ starts, reached, alive, depth, ends });
    const counters = new Uint32Array(Math.min(NODES_AT_ONCE, levelEnd - firstNode) * 256);
    for (let first = firstNode; first < levelEnd; first += NODES_AT_ONCE) {
      const end = Math.min(levelEnd, first + NODES_AT_ONCE);
      counters.fill(0);
      for (let i = 0; i < alive; i++) {
        const node = reached[i]!;
        if (node >= first && node < end) counters[(node - first) * 256 + bytes[starts[i]! + depth]!]!++;
      }
      // Each counter becomes the node that its byte leads to.
      for (let node = first; node < end; node++) {
        for (let index = (node - first) * 256, byte = 0; byte < 256; byte++, index++) {
          const count = counters[index]!;
          if (count === 0) continue;
          const child = count >= leastCount && depth + 1 < LONGEST_PHRASE ? nodes++ : 0;
          edges.push(byte, count, child);
          counters[index] = child;
        }
        edges.endNode();
      }
      for (let i = 0; i < alive; i++) {
        const node = reached[i]!;
        if (node < first || node >= end) continue;
        const child = counters[(node - first) * 256 + bytes[starts[i]! + depth]!]!;
        reached[i] = child === 0 ? DEAD : child;
      }
    }
    firstNode = levelEnd;
  }
  return edges.take();
}

interface Walk {
  starts: Uint32Array;
  reached: Uint32Array;
  alive: number;
  depth: number;
  ends: Uint32Array;
}

/** Moves the starts that go on to the front: those whose node is counted and whose document is longer. */
function dropEnded({ starts, reached, alive, depth, ends }: Walk): number {
  let kept = 0;
  let document = 0;
  for (let i = 0; i < alive; i++) {
    if (reached[i] === DEAD) continue;
    const start = starts[i]!;
    while (ends[document]! <= start) document++;
    if (start + depth >= ends[document]!) continue;
    starts[kept] = start;
    reached[kept++] = reached[i]!;
  }
  return kept;
}

class EdgeList {
  private bytes = new Uint8Array(1 << 12);
  private counts = new Uint32Array(1 << 12);
  private nodes = new Uint32Array(1 << 12);
  private size = 0;
  private starts = new Uint32Array(1 << 10);
  private ended = 0;

  push(byte: number, count: number, node: number): void {
    if (this.size === this.bytes.length) {
      this.bytes = doubled(this.bytes, new Uint8Array(2 * this.size));
      this.counts = doubled(this.counts, new Uint32Array(2 * this.size));
      this.nodes = doubled(this.nodes, new Uint32Array(2 * this.size));
    }
    this.bytes[this.size] = byte;
    this.counts[this.size] = count;
    this.nodes[this.size++] = node;
  }

  /** The edges so far are those of the nodes up to this one. */
  endNode(): void {
    this.ended++;
    if (this.ended === this.starts.length) this.starts = doubled(this.starts, new Uint32Array(2 * this.ended));
    this.starts[this.ended] = this.size;
  }

  take(): CountsTrie {
    return {
      edgeStarts: this.starts.slice(0, this.ended + 1),
      edgeBytes: this.bytes.slice(0, this.size),
      edgeCounts: this.counts.slice(0, this.size),
      edgeNodes: this.nodes.slice(0, this.size),
    };
  }
}

function doubled<List extends Uint8Array | Uint32Array>(list: List, longer: List): List {
  longer.set(list);
  return longer;
}
