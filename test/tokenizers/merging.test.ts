import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SymbolMerger } from '../../src/tokenizers/merging/merge-symbols.js';
import { type Merge, MergeTable } from '../../src/tokenizers/merging/merge-table.js';

/** The definition: again and again the leftmost pair of the lowest rank. */
function mergedNaively(symbols: number[], merges: readonly Merge[]): number[] {
  for (;;) {
    let best: { at: number; merge: Merge } | undefined;
    for (let at = 0; at + 1 < symbols.length; at++) {
      const merge = merges.find(({ left, right }) => left === symbols[at] && right === symbols[at + 1]);
      if (merge !== undefined && (best === undefined || merge.rank < best.merge.rank)) best = { at, merge };
    }
    if (best === undefined) return symbols;
    symbols = [...symbols.slice(0, best.at), best.merge.result, ...symbols.slice(best.at + 2)];
  }
}

/** Symbols 0 to 3, and merges of what is there already, each into a symbol of its own. */
const merges: fc.Arbitrary<Merge[]> = fc
  .array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 12 })
  .map((pairs) => {
    const pairsSeen = new Set<string>();
    return pairs.flatMap(([a, b], i) => {
      const [left, right] = [a % (4 + i), b % (4 + i)];
      const key = `${left} ${right}`;
      if (pairsSeen.has(key)) return [];
      pairsSeen.add(key);
      return [{ left, right, rank: i, result: 4 + i }];
    });
  });

describe('merging', () => {
  it.each([
    ['short words, by scanning', 64],
    ['long words, by a queue', 300],
  ])('is what its definition says, for %s', (_, maxLength) => {
    const minLength = maxLength > 64 ? 65 : 0;
    fc.assert(
      fc.property(merges, fc.array(fc.nat({ max: 3 }), { minLength, maxLength }), (list, word) => {
        const symbols = Int32Array.from(word);
        const count = new SymbolMerger(new MergeTable(list)).merge(symbols, symbols.length);
        expect(Array.from(symbols.subarray(0, count))).toEqual(mergedNaively(word, list));
      }),
      { numRuns: 200 },
    );
  });

  it.each([1, 100])('leaves negative symbols alone, %i times over', (times) => {
    const symbols = Int32Array.from(Array.from({ length: times }, () => [-1, 0, 0, -2, -1]).flat());
    const merger = new SymbolMerger(new MergeTable([{ left: 0, right: 0, rank: 0, result: 1 }]));
    expect(merger.merge(symbols, 5 * times)).toBe(4 * times);
    const merged = Array.from({ length: times }, () => [-1, 1, -2, -1]).flat();
    expect(Array.from(symbols.subarray(0, 4 * times))).toEqual(merged);
  });
});
