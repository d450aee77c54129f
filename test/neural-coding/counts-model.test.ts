import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countShortContexts } from '../../src/neural-coding/counts-contexts.js';
import { countsModel } from '../../src/neural-coding/counts-model.js';
import { randomStarts, type TextSample, windowStarts } from '../../src/neural-coding/counts-sample.js';
import { type CountsTrie, growTrie } from '../../src/neural-coding/counts-trie.js';
import { LONGEST_PHRASE } from '../../src/neural-coding/parameters.js';
import { parserOf } from '../../src/neural-coding/phrase-counts.js';
import { codebookOf, latin1, plainParse } from './small-codebooks.js';

const someDocuments = fc.array(
  fc.array(fc.constantFrom(0, 97, 98, 255), { minLength: 1, maxLength: 40 }).map((bytes) => Uint8Array.from(bytes)),
  { minLength: 1, maxLength: 6 },
);

function sampleOf(documents: readonly Uint8Array[]): TextSample {
  let end = 0;
  return {
    bytes: new Uint8Array(Buffer.concat(documents)),
    ends: Uint32Array.from(documents, ({ length }) => (end += length)),
  };
}

const everyStart = ({ bytes }: TextSample): Uint32Array => Uint32Array.from(bytes.keys());

/** All strings that the trie knows the followers of, with them. */
function followersIn(trie: CountsTrie, node = 0, text = ''): [string, Record<number, number>][] {
  const followers: Record<number, number> = {};
  const below: [string, Record<number, number>][] = [];
  for (let edge = trie.edgeStarts[node]!; edge < trie.edgeStarts[node + 1]!; edge++) {
    const byte = trie.edgeBytes[edge]!;
    followers[byte] = trie.edgeCounts[edge]!;
    const next = trie.edgeNodes[edge]!;
    if (next !== 0) below.push(...followersIn(trie, next, text + String.fromCharCode(byte)));
  }
  return [[text, followers], ...below];
}

/** The same, straight from the definition. */
function followersOf(documents: readonly Uint8Array[], leastCount: number): [string, Record<number, number>][] {
  const texts = documents.flatMap((document) => Array.from(document, (_, start) => latin1(document.subarray(start))));
  const counted: [string, Record<number, number>][] = [];
  const look = (prefix: string): void => {
    const followers: Record<number, number> = {};
    for (const text of texts) {
      if (text.length === prefix.length || !text.startsWith(prefix)) continue;
      const byte = text.charCodeAt(prefix.length);
      followers[byte] = (followers[byte] ?? 0) + 1;
    }
    counted.push([prefix, followers]);
    for (const [byte, count] of Object.entries(followers))
      if (count >= leastCount) look(prefix + String.fromCharCode(Number(byte)));
  };
  look('');
  return counted;
}

const byText = (counted: [string, Record<number, number>][]) => new Map(counted);

describe('counts at starting positions', () => {
  it('are those of every string that is frequent enough, and of no text beyond its document', async () => {
    await fc.assert(
      fc.asyncProperty(someDocuments, fc.integer({ min: 1, max: 4 }), async (documents, leastCount) => {
        const sample = sampleOf(documents);
        const trie = await growTrie(sample, everyStart(sample), { leastCount });
        expect(byText(followersIn(trie))).toEqual(byText(followersOf(documents, leastCount)));
      }),
      { numRuns: 50 },
    );
  });

  it('do not depend on the order of the documents', async () => {
    const documents = ['abcab', 'bca', 'abcd'].map((text) => new Uint8Array(Buffer.from(text)));
    const tries = await Promise.all(
      [documents, documents.toReversed()].map((order) => {
        const sample = sampleOf(order);
        return growTrie(sample, everyStart(sample), { leastCount: 1 });
      }),
    );
    expect(tries[0]).toEqual(tries[1]);
  });

  it('end where phrases do', async () => {
    const sample = sampleOf([new Uint8Array(200).fill(97)]);
    const trie = await growTrie(sample, everyStart(sample), { leastCount: 1 });
    const lengths = followersIn(trie).map(([text]) => text.length);
    expect(Math.max(...lengths)).toBe(LONGEST_PHRASE - 1);
  });

  it('stop when asked to', async () => {
    const sample = sampleOf([new Uint8Array(100)]);
    const reason = new Error('enough');
    const growing = growTrie(sample, everyStart(sample), { leastCount: 1, signal: AbortSignal.abort(reason) });
    await expect(growing).rejects.toBe(reason);
  });
});

describe('starting positions', () => {
  it('at random are the same for the same seed, and as many as asked for, about', () => {
    const sample = sampleOf([new Uint8Array(100_000)]);
    const starts = randomStarts(sample, { most: 10_000, seed: 1 });
    expect(randomStarts(sample, { most: 10_000, seed: 1 })).toEqual(starts);
    expect(randomStarts(sample, { most: 10_000, seed: 2 })).not.toEqual(starts);
    // Binomial, with a standard deviation of √(100,000 · 0.1 · 0.9) = 95.
    expect(Math.abs(starts.length - 10_000)).toBeLessThan(5 * 95);
    expect(starts).toEqual(starts.toSorted());
  });

  it('at windows are where the windows of each document begin', () => {
    const book = new Map([
      ['a', 1],
      ['ab', 2],
      ['b', 3],
    ]);
    const documents = ['abba', 'ba', 'cab'].map((text) => new Uint8Array(Buffer.from(text)));
    let begin = 0;
    const expected = documents.flatMap((document) => {
      const starts: number[] = [];
      for (const { text } of plainParse(book, document)) {
        starts.push(begin);
        begin += text.length;
      }
      return starts;
    });
    const found = windowStarts(sampleOf(documents), parserOf(codebookOf(book)), { most: 1000, seed: 0 });
    expect([...found]).toEqual(expected);
  });
});

describe('the model of counts', () => {
  const modelOf = (sample: TextSample) =>
    countsModel(sample, everyStart(sample), { contexts: countShortContexts(sample), windowBits: 16 });

  it('gives every byte a probability after every prefix, and 1 in all', async () => {
    await fc.assert(
      fc.asyncProperty(someDocuments, fc.array(fc.uint8Array({ maxLength: 5 })), async (documents, prefixes) => {
        const probabilities = await (await modelOf(sampleOf(documents))).probabilities(prefixes);
        for (const index of prefixes.keys()) {
          const row = probabilities.subarray(256 * index, 256 * index + 256);
          expect(Math.min(...row)).toBeGreaterThan(0);
          expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
        }
      }),
      { numRuns: 5 },
    );
  });

  it('interpolates the counts with those after the last two bytes, one byte and none', async () => {
    const sample = sampleOf([new Uint8Array(Buffer.from('abcabdabc'))]);
    const model = await modelOf(sample);
    const [probabilities, other] = [
      await model.probabilities([new Uint8Array(Buffer.from('ab'))]),
      await model.probabilities([new Uint8Array(Buffer.from('zzab'))]),
    ];
    const c = 'c'.charCodeAt(0);
    // Nine bytes of four kinds; after b: c, d, c; so also after ab.
    const order0 = (2 + 4 / 256) / (9 + 4);
    const order1 = (2 + 2 * order0) / (3 + 2);
    const order2 = (2 + 2 * order1) / (3 + 2);
    // After ab as a whole, one byte was seen once.
    expect(probabilities[c]).toBeCloseTo((2 + 1.1 * order2) / (3 + 1.1), 14);
    // zzab was never seen: only its last two bytes tell anything.
    expect(other[c]).toBeCloseTo(order2, 14);
  });

  it('has a fingerprint of its counts', async () => {
    const [one, same, another] = await Promise.all(
      ['abab', 'abab', 'abba'].map((text) => modelOf(sampleOf([new Uint8Array(Buffer.from(text))]))),
    );
    expect(same!.fingerprint).toBe(one!.fingerprint);
    expect(another!.fingerprint).not.toBe(one!.fingerprint);
  });
});
