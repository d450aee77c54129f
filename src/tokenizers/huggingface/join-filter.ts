import type { MergeTable } from '../merging/merge-table.js';

/**
 * Says where a word may be cut before its symbols are merged. A merge across the place between two characters needs a
 * left token that ends with the one and a right token that begins with the other; where no merge has such tokens, the
 * two sides cannot influence each other, and are encoded on their own with the same result. So the words within a text
 * that no pre-tokenizer has cut, such as all of a document for Llama 2, can be found in the cache.
 */
export class JoinFilter {
  /** One bit for each hash of two UTF-16 units: a pair that is not in the filter never joins. */
  private readonly bits = new Uint32Array(SIZE >>> 5);

  /** @param names of tokens, by id */
  constructor(table: MergeTable, names: readonly (string | undefined)[]) {
    table.forEachPair((left, right) => {
      const before = names[left]!;
      const hash = hashOf(before.charCodeAt(before.length - 1), names[right]!.charCodeAt(0));
      this.bits[hash >>> 5]! |= 1 << (hash & 31);
    });
  }

  /** Whether a merge may reach across the place between these two UTF-16 units. */
  mayJoin(before: number, after: number): boolean {
    const isWithinPair = (before & 0xfc00) === 0xd800 && (after & 0xfc00) === 0xdc00;
    const hash = hashOf(before, after);
    return isWithinPair || (this.bits[hash >>> 5]! & (1 << (hash & 31))) !== 0;
  }
}

const SIZE = 1 << 20;

function hashOf(before: number, after: number): number {
  const mixed = Math.imul(before, 0x9e3779b1) ^ Math.imul(after, 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) & (SIZE - 1);
}
