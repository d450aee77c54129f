import type { Codebook } from '../../src/neural-coding/codebook.js';

/** The strings of a codebook, in latin-1, each with its code, in preorder without the empty one. */
export function stringsOf({ bytes, childCounts, codes }: Codebook): Map<string, number> {
  const strings = new Map<string, number>();
  let node = 0;
  const below = (text: string) => {
    const children = childCounts[node++]!;
    for (let child = 0; child < children; child++) {
      const longer = text + String.fromCharCode(bytes[node]!);
      strings.set(longer, codes[node]!);
      below(longer);
    }
  };
  below('');
  return strings;
}
