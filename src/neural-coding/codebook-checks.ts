import type { Codebook } from './codebook.js';
import { CODER_RULES } from './coders.js';
import { LONGEST_PHRASE } from './parameters.js';

type Trie = Pick<Codebook, 'coder' | 'windowBits' | 'bytes' | 'childCounts' | 'codes'>;

/**
 * What keeps columns of numbers from being a codebook, in words; undefined for a codebook. An encoder and a decoder rely on all
 * of it: one tree in preorder, siblings ascending, every byte below the root, codes that tell phrases apart.
 */
export function codebookFault({ coder, windowBits, bytes, childCounts, codes }: Trie): string | undefined {
  if (childCounts[0] !== 256) return `${childCounts[0] ?? 0} of the 256 single bytes are in it`;
  if (bytes[0] !== 0 || codes[0] !== -1) return 'its root has a byte or a code';
  const { unique } = CODER_RULES[coder];
  const phraseOf = new Int32Array(2 ** windowBits).fill(-1);
  /** The nodes from the root to this one, their children still to come, and the last of those seen. */
  const path = new Int32Array(LONGEST_PHRASE + 1);
  const left = new Int32Array(LONGEST_PHRASE + 1);
  const lastByte = new Int32Array(LONGEST_PHRASE + 1);
  const depths = new Uint8Array(bytes.length);
  let depth = -1;
  for (let node = 0; node < bytes.length; node++) {
    while (depth >= 0 && left[depth] === 0) depth--;
    if (node > 0) {
      if (depth < 0) return `node ${node} is nobody's child`;
      if (bytes[node]! <= lastByte[depth]!) return `node ${node} is out of order among its siblings`;
      lastByte[depth] = bytes[node]!;
      left[depth]!--;
    }
    depth++;
    if (depth > LONGEST_PHRASE) return `node ${node} is longer than ${LONGEST_PHRASE} bytes`;
    depths[node] = depth;
    path[depth] = node;
    left[depth] = childCounts[node]!;
    lastByte[depth] = -1;
    const code = codes[node]!;
    if (code === -1) continue;
    const other = phraseOf[code]!;
    const prefix = other !== -1 && path[depths[other]!] === other;
    if (other !== -1 && (unique || !prefix)) return `nodes ${other} and ${node} have the same code ${code}`;
    phraseOf[code] = node;
  }
  const missing = left.subarray(0, depth + 1).reduce((sum, children) => sum + children, 0);
  return missing === 0 ? undefined : `${missing} nodes are missing at its end`;
}
