import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Collision, collisionTable } from '../../src/neural-coding/collisions.js';
import {
  mostFrequentPhrases,
  PhraseCounts,
  parserOf,
  windowStatistics,
} from '../../src/neural-coding/phrase-counts.js';
import {
  codebookOf,
  latin1,
  type Phrasebook,
  plainParse,
  sharedPhrasebook,
  someBytes,
  uniquePhrasebook,
} from './small-codebooks.js';

const countsOf = (book: Phrasebook, coder: 'strict' | 'lester', documents: readonly Uint8Array[]): PhraseCounts => {
  const counts = new PhraseCounts(parserOf(codebookOf(book, { coder })));
  for (const document of documents) counts.add(document);
  return counts;
};

/** Wagner and Fischer's table of distances, as it is written. */
function levenshtein(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++)
      rows[i]![j] = Math.min(
        rows[i - 1]![j]! + 1,
        rows[i]![j - 1]! + 1,
        rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
  return rows[a.length]![b.length]!;
}

function commonPrefix(texts: readonly string[]): number {
  let length = 0;
  while (texts.every((text) => text.length > length && text[length] === texts[0]![length])) length++;
  return length;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The table's rows from the emitted texts themselves. */
function collisionsOf(book: Phrasebook, documents: readonly Uint8Array[]): Omit<Collision, 'example'>[] {
  const windows = documents.flatMap((document) => plainParse(book, document)).filter(({ code }) => code !== null);
  return [...new Set(windows.map(({ code }) => code!))]
    .map((code) => {
      const held = windows.filter((window) => window.code === code);
      const texts = [...new Set(held.map(({ text }) => text))];
      const pairs = texts.flatMap((a, i) => texts.slice(i + 1).map((b) => levenshtein(a, b)));
      return {
        code,
        texts: texts.length,
        prefixShare: commonPrefix(texts) / mean(texts.map(({ length }) => length)),
        editDistance: mean(pairs),
        longest: Math.max(...texts.map(({ length }) => length)),
        share: held.length / windows.length,
      };
    })
    .filter(({ texts }) => texts > 1);
}

describe('the collision table', () => {
  it('says of each code with several texts what the texts themselves say', () => {
    fc.assert(
      fc.property(sharedPhrasebook, fc.array(someBytes, { maxLength: 5 }), (book, documents) => {
        const table = collisionTable(countsOf(book, 'lester', documents), Number.POSITIVE_INFINITY);
        const expected = collisionsOf(book, documents);
        expect(table.codes).toBe(expected.length);
        const found = new Map(table.mostFrequent.map((collision) => [collision.code, collision]));
        for (const { code, ...measures } of expected) {
          for (const [name, value] of Object.entries(measures))
            expect(found.get(code)![name as keyof typeof measures]).toBeCloseTo(value, 12);
        }
        expect(table.windowShare).toBeCloseTo(
          expected.reduce((sum, { share }) => sum + share, 0),
          12,
        );
      }),
    );
  });

  it('has no code where codes are unique', () => {
    fc.assert(
      fc.property(uniquePhrasebook, fc.array(someBytes, { maxLength: 5 }), (book, documents) => {
        const counts = countsOf(book, 'strict', documents);
        expect(collisionTable(counts, 10)).toEqual({ codes: 0, windowShare: 0, quantiles: null, mostFrequent: [] });
        expect(windowStatistics(counts, 12).ambiguousShare).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it('shows extremes and quantiles over codes', () => {
    // Three codes: of 2, 2 and 3 texts.
    const book = new Map([
      ['a', 1],
      ['ab', 1],
      ['c', 2],
      ['cd', 2],
      ['cde', 2],
      ['x', 3],
      ['xy', 3],
    ]);
    const documents = ['a', 'ab', 'c', 'cd', 'cde', 'x', 'xy'].map((text) => new Uint8Array(Buffer.from(text)));
    const { quantiles } = collisionTable(countsOf(book, 'lester', documents), 0);
    expect(quantiles!.texts).toEqual([2, 2, 2, 2, 2, 2, 3]);
    expect(quantiles!.longest[6]).toBe(3);
    // Texts of 1, 2 and 3 bytes differ by 1, 1 and 2.
    expect(quantiles!.editDistance[6]).toBeCloseTo(4 / 3, 12);
  });
});

describe('statistics of windows', () => {
  it('count windows, literals, codes and bytes', () => {
    fc.assert(
      fc.property(fc.oneof(uniquePhrasebook), fc.array(someBytes, { maxLength: 5 }), (book, documents) => {
        const counts = countsOf(book, 'strict', documents);
        const units = documents.flatMap((document) => plainParse(book, document));
        const windows = units.filter(({ code }) => code !== null);
        const bytes = documents.reduce((sum, { length }) => sum + length, 0);
        expect(windowStatistics(counts, 12)).toEqual({
          documents: documents.length,
          bytes,
          windows: windows.length,
          literals: units.length - windows.length,
          bytesPerWindow: units.length === 0 ? null : bytes / units.length,
          bitsPerByte: bytes === 0 ? null : (12 * windows.length + 8 * (units.length - windows.length)) / bytes,
          codesSeen: new Set(windows.map(({ code }) => code)).size,
          codes: new Set([...book.values()].filter((code) => code !== null)).size,
          ambiguousShare: 0,
        });
      }),
      { numRuns: 50 },
    );
  });

  it('name the phrases that most windows hold', () => {
    const book = new Map([
      ['a', 7],
      ['ab', 5],
      ['c', 6],
    ]);
    const counts = countsOf(book, 'strict', [new Uint8Array(Buffer.from('aababc'))]);
    const found = mostFrequentPhrases(counts, 2).map(({ text, ...phrase }) => ({ ...phrase, text: latin1(text) }));
    expect(found).toEqual([
      { code: 5, text: 'ab', windows: 2 },
      { code: 6, text: 'c', windows: 1 },
    ]);
  });
});
