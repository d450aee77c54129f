import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ContextTrie } from '../../src/neural-coding/entropy-table.js';
import { EntropyAutomaton } from '../../src/neural-coding/entropy-table-automaton.js';
import { buildContexts } from '../../src/neural-coding/entropy-table-contexts.js';
import { makeEntropyTable } from '../../src/neural-coding/entropy-table-file.js';
import { EntropyHistogram, PAPER_SEGMENTATION } from '../../src/neural-coding/segmentation-calibration.js';
import { tableSegmenter } from '../../src/neural-coding/segmentation-table.js';
import { ConfigError, DataError, InterruptedError } from '../../src/support/errors.js';

const encode = (text: string): Uint8Array => Buffer.from(text, 'latin1');

function sampleOf(documents: readonly Uint8Array[]) {
  let end = 0;
  return {
    bytes: Buffer.concat(documents),
    ends: Uint32Array.from(documents, ({ length }) => {
      end += length;
      return end;
    }),
  };
}

/** The contexts by name, in latin1. */
function contextsOf({ bytes, childCounts, entropies }: ContextTrie): Map<string, number> {
  const contexts = new Map<string, number>();
  let node = 0;
  const visit = (context: string): void => {
    const own = node++;
    contexts.set(context, entropies[own]!);
    for (let child = 0; child < childCounts[own]!; child++) visit(context + String.fromCharCode(bytes[node]!));
  };
  visit('');
  return contexts;
}

/** A trie of these contexts, which may lack substrings; beginnings are added with entropy 0. */
function trieOf(contexts: ReadonlyMap<string, number>): ContextTrie {
  const all = new Map(contexts);
  for (const context of contexts.keys()) {
    for (let length = 0; length < context.length; length++) {
      const beginning = context.slice(0, length);
      if (!all.has(beginning)) all.set(beginning, 0);
    }
  }
  const names = [...all.keys()].sort();
  const isChild = (name: string, parent: string) => name.length === parent.length + 1 && name.startsWith(parent);
  return {
    bytes: Uint8Array.from(names, (name) => (name === '' ? 0 : name.charCodeAt(name.length - 1))),
    childCounts: Uint16Array.from(names, (name) => names.filter((other) => isChild(other, name)).length),
    entropies: Uint16Array.from(names, (name) => all.get(name)!),
  };
}

/** The definition: the entropy of the longest context that the bytes before t end with. */
function searched(contexts: ReadonlyMap<string, number>, text: string): number[] {
  return Array.from(text, (_, t) => {
    for (let start = 0; start < t; start++) {
      const entropy = contexts.get(text.slice(start, t));
      if (entropy !== undefined) return entropy;
    }
    return contexts.get('')!;
  });
}

const fewLetters = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom('\0', 'a', 'b', '\xff'), minLength: 0, maxLength });

describe('the automaton', () => {
  it('finds the longest context at every byte, in any set with all beginnings', () => {
    const sets = fc.dictionary(fewLetters(5), fc.integer({ min: 0, max: 32_768 }), { maxKeys: 12 });
    fc.assert(
      fc.property(sets, fewLetters(60), (entries, text) => {
        const trie = trieOf(new Map([['', 7], ...Object.entries(entries)]));
        const found = new EntropyAutomaton(trie).run(encode(text));
        expect(Array.from(found)).toEqual(searched(contextsOf(trie), text));
      }),
      { numRuns: 300 },
    );
  });

  it('reads a document of every byte after a table of nothing but the empty context', () => {
    const trie = trieOf(new Map([['', 5]]));
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    expect(new Set(new EntropyAutomaton(trie).run(every))).toEqual(new Set([5]));
  });

  it('writes into the beginning of the memory that it is given', () => {
    const memory = new Uint16Array(8).fill(9);
    const found = new EntropyAutomaton(
      trieOf(
        new Map([
          ['', 5],
          ['a', 3],
        ]),
      ),
    ).run(encode('ab'), memory);
    expect(Array.from(found)).toEqual([5, 3]);
    expect(Array.from(memory)).toEqual([5, 3, 9, 9, 9, 9, 9, 9]);
  });
});

describe('contexts of a text', () => {
  const options = { contexts: 1000, longestContext: 3, leastOccurrences: 1 };

  it('are all of its substrings up to the longest that a byte follows, within documents', async () => {
    const documents = ['abab', 'ba', 'c'];
    const expected = new Set(['']);
    for (const text of documents) {
      for (let t = 0; t < text.length; t++) {
        for (let start = Math.max(0, t - 3); start <= t; start++) expected.add(text.slice(start, t));
      }
    }
    const trie = await buildContexts(sampleOf(documents.map(encode)), options);
    expect(new Set(contextsOf(trie).keys())).toEqual(expected);
  });

  it('have the entropy of the bytes that follow, as much of the shorter one as bytes differ', async () => {
    // After nothing: a twice, b twice, of four; interpolated with 1/256 at a weight of two.
    const trie = await buildContexts(sampleOf([encode('abab')]), options);
    const after = (counts: Record<string, number>, prior: (byte: string) => number) => {
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
      const weight = Object.keys(counts).length;
      return (byte: string) => ((counts[byte] ?? 0) + weight * prior(byte)) / (total + weight);
    };
    const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
    const units = (p: (byte: string) => number) =>
      Math.round(4096 * bytes.reduce((sum, byte) => sum - p(byte) * Math.log2(p(byte)), 0));
    const nothing = after({ a: 2, b: 2 }, () => 1 / 256);
    const afterA = after({ b: 2 }, nothing);
    const contexts = contextsOf(trie);
    expect(contexts.get('')).toBe(units(nothing));
    expect(contexts.get('a')).toBe(units(afterA));
    expect(contexts.get('ba')).toBe(units(after({ b: 1 }, afterA)));
  });

  it('hold all substrings of each, whatever number is kept, and as many as asked for', async () => {
    const texts = fc.array(fewLetters(40), { minLength: 1, maxLength: 4 }).filter((list) => list.join('') !== '');
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 30 }), async (list, contexts) => {
        const sample = sampleOf(list.map(encode));
        const all = contextsOf(await buildContexts(sample, options));
        const kept = contextsOf(await buildContexts(sample, { ...options, contexts }));
        expect(kept.size).toBe(Math.min(contexts, all.size));
        for (const [context, entropy] of kept) {
          expect(entropy).toBe(all.get(context));
          expect(kept.has(context.slice(1)) && kept.has(context.slice(0, -1))).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('do not depend on the order of documents', async () => {
    const documents = ['the cat sat', 'on the mat', 'that cat', ''].map(encode);
    const some = { ...options, contexts: 20 };
    expect(await buildContexts(sampleOf(documents.toReversed()), some)).toEqual(
      await buildContexts(sampleOf(documents), some),
    );
  });

  it('that are rarer than asked for are left out, the one that changes most is kept first', async () => {
    const text = encode(`${'ab'.repeat(50)}${'cd'.repeat(3)}`);
    const frequent = contextsOf(await buildContexts(sampleOf([text]), { ...options, leastOccurrences: 10 }));
    expect([...frequent.keys()].filter((context) => context.includes('c'))).toEqual([]);
    const two = contextsOf(await buildContexts(sampleOf([text]), { ...options, contexts: 2 }));
    expect([...two.keys()]).toEqual(['', 'a']);
  });

  it.each([{ contexts: 0 }, { contexts: 2 ** 21 }, { longestContext: 65 }, { leastOccurrences: 0.5 }])(
    'are refused with %j',
    async (wrong) => {
      await expect(buildContexts(sampleOf([encode('a')]), { ...options, ...wrong })).rejects.toThrow(ConfigError);
    },
  );

  it('are refused without text', async () => {
    await expect(buildContexts(sampleOf([]), options)).rejects.toThrow(DataError);
  });

  it('can be stopped', async () => {
    const signal = AbortSignal.abort(new InterruptedError('stopped'));
    await expect(buildContexts(sampleOf([encode('ab')]), { ...options, signal })).rejects.toThrow('stopped');
  });
});

describe('the segmenter of a table', () => {
  it('cuts documents alike alone and together, and is told from others by its fingerprint', async () => {
    const documents = ['let x = 1;\n', '', 'let y = xx;\nlet z = y;', 'q'].map(encode);
    const trie = await buildContexts(sampleOf(documents), { contexts: 50, longestContext: 4, leastOccurrences: 1 });
    const automaton = new EntropyAutomaton(trie);
    const histogram = new EntropyHistogram();
    for (const document of documents) histogram.add(automaton.run(document));
    const provenance = { corpus: 'four lines', countedBytes: 34, calibrationBytes: 34 };
    const table = makeEntropyTable(trie, histogram.quantiles(), provenance);
    const segmenter = tableSegmenter(table, { ...PAPER_SEGMENTATION, longest: 8 });

    const together = await segmenter.segment(documents);
    expect(together.map((ends) => ends.at(-1) ?? 0)).toEqual(documents.map(({ length }) => length));
    expect(together.some((ends) => ends.length > 2)).toBe(true);
    for (const [index, document] of documents.entries()) {
      expect(await segmenter.segment([document])).toEqual([together[index]]);
    }
    const others = [
      tableSegmenter(table, { ...PAPER_SEGMENTATION, longest: 9 }),
      tableSegmenter({ ...table, fingerprint: 'another' }, { ...PAPER_SEGMENTATION, longest: 8 }),
    ];
    expect(new Set([segmenter, ...others].map(({ fingerprint }) => fingerprint)).size).toBe(3);
  });
});
