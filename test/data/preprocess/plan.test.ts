import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InputFile } from '../../../src/data/preprocess/manifest.js';
import { filesOfPart } from '../../../src/data/preprocess/plan.js';

const filesOf = (sizes: readonly number[]): InputFile[] =>
  sizes.map((bytes, i) => ({ name: `${String(i).padStart(6, '0')}.jsonl`, bytes }));

/** The definition: the largest file first, each to the first of the parts that have least. */
function sharedNaively(files: readonly InputFile[], count: number): string[][] {
  const parts = Array.from({ length: count }, () => ({ load: 0, names: new Set<string>() }));
  for (const { name, bytes } of [...files].sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1))) {
    const least = Math.min(...parts.map(({ load }) => load));
    const part = parts.find(({ load }) => load === least)!;
    part.load += bytes + 1;
    part.names.add(name);
  }
  return parts.map(({ names }) => files.filter(({ name }) => names.has(name)).map(({ name }) => name));
}

describe('the files of a part', () => {
  it('are those that its definition gives, each of one part, in their order', () => {
    const sizes = fc.array(fc.nat({ max: 20 }), { maxLength: 40 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 12 }), (bytes, count) => {
        const files = filesOf(bytes);
        const parts = Array.from({ length: count }, (_, index) => filesOfPart(files, { index, count }));
        expect(parts.map((part) => part.map(({ name }) => name))).toEqual(sharedNaively(files, count));
      }),
    );
  });

  it('are found among a hundred thousand files for ten thousand parts', () => {
    const files = filesOf(Array.from({ length: 100_000 }, () => 1000));
    const last = filesOfPart(files, { index: 9_999, count: 10_000 });
    expect(last.map(({ name }) => Number.parseInt(name, 10) % 10_000)).toEqual(Array.from({ length: 10 }, () => 9_999));
  });
});
