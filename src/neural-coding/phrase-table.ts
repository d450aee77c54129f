import type { Codebook } from './codebook.js';
import { trieLinks } from './trie-links.js';

/**
 * The phrases of a codebook: its strings that have a code, numbered by ascending code, and by length among those that share
 * one. Phrases that share a code begin with each other, since all their intervals contain its cell: their lengths differ.
 */
export interface PhraseTable {
  readonly count: number;
  /** Code of each phrase; ascending, strictly so where codes are unique. */
  readonly codes: Int32Array;
  /** First phrase of each code and, at 2^τ, the number of phrases: a code's phrases end where those of the next begin. */
  readonly firstOf: Uint32Array;
  /** Phrase of each node of the codebook's trie; −1 where it has no code. */
  readonly ofNode: Int32Array;
  /** The bytes of all phrases, each a part of it; the first 256 are the bytes 0 … 255. A phrase that begins another shares its bytes. */
  readonly text: Uint8Array;
  /** Where each phrase begins in `text`. */
  readonly starts: Uint32Array;
  /** Bytes of each phrase, 1 … Lmax. */
  readonly lengths: Uint8Array;
}

export function phraseTable(codebook: Codebook): PhraseTable {
  const links = trieLinks(codebook);
  const { codes: nodeCodes, bytes, childCounts, windowBits } = codebook;
  const nodes = nodeCodes.length;
  const firstOf = new Uint32Array(2 ** windowBits + 1);
  for (const code of nodeCodes) if (code >= 0) firstOf[code + 1]!++;
  for (let code = 1; code < firstOf.length; code++) firstOf[code]! += firstOf[code - 1]!;
  const count = firstOf[firstOf.length - 1]!;

  // Preorder visits a string before those that it begins: among phrases of one code the shorter come first.
  const next = firstOf.slice(0, -1);
  const codes = new Int32Array(count);
  const ofNode = new Int32Array(nodes).fill(-1);
  const lengths = new Uint8Array(count);
  for (let node = 1; node < nodes; node++) {
    const code = nodeCodes[node]!;
    if (code < 0) continue;
    const phrase = next[code]!++;
    codes[phrase] = code;
    ofNode[node] = phrase;
    lengths[phrase] = links.depths[node]!;
  }

  // The string of a leaf begins with those of all nodes above it: only leaves are written out.
  let size = 256;
  for (let node = 1; node < nodes; node++) if (childCounts[node] === 0) size += links.depths[node]!;
  const text = new Uint8Array(size);
  for (let byte = 0; byte < 256; byte++) text[byte] = byte;
  const starts = new Uint32Array(count);
  const written = new Uint8Array(nodes);
  let end = 256;
  for (let leaf = 1; leaf < nodes; leaf++) {
    if (childCounts[leaf] !== 0) continue;
    const start = end;
    end += links.depths[leaf]!;
    for (let node = leaf, at = end - 1; node > 0; node = links.parents[node]!, at--) {
      text[at] = bytes[node]!;
      if (written[node] === 1) continue;
      written[node] = 1;
      const phrase = ofNode[node]!;
      if (phrase >= 0) starts[phrase] = start;
    }
  }
  return { count, codes, firstOf, ofNode, text, starts, lengths };
}
