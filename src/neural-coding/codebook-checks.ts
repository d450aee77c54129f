import type { Codebook } from './codebook.js';
import { CODER_RULES } from './coders.js';
import { LONGEST_PHRASE } from './parameters.js';
import { trieFault, trieLinks } from './trie-links.js';

type Content = Pick<Codebook, 'coder' | 'windowBits' | 'bytes' | 'childCounts' | 'codes'>;

/**
 * What keeps columns of numbers from being a codebook, in words; null for a codebook. An encoder and a decoder rely on all
 * of it: one tree in preorder, siblings ascending, every byte below the root, codes that tell phrases apart.
 */
export function codebookFault({ coder, windowBits, bytes, childCounts, codes }: Content): string | null {
  if (childCounts[0] !== 256) return `${childCounts[0] ?? 0} of the 256 single bytes are in it`;
  if (bytes[0] !== 0 || codes[0] !== -1) return 'its root has a byte or a code';
  const trie = { bytes, childCounts };
  const fault = trieFault(trie, LONGEST_PHRASE);
  if (fault !== null) return fault;
  const { unique } = CODER_RULES[coder];
  const { ends } = trieLinks(trie);
  /** The last node that has each code. */
  const phraseOf = new Int32Array(2 ** windowBits).fill(-1);
  for (const [node, code] of codes.entries()) {
    if (code === -1) continue;
    const other = phraseOf[code]!;
    if (other !== -1 && (unique || node >= ends[other]!))
      return `nodes ${other} and ${node} have the same code ${code}`;
    phraseOf[code] = node;
  }
  return null;
}
