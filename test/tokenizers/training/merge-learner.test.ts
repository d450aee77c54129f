import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MergeLearner, type MergeLimits } from '../../../src/tokenizers/training/merge-learner.js';
import { TokenTable } from '../../../src/tokenizers/training/token-table.js';
import { Words } from '../../../src/tokenizers/training/words.js';

type Corpus = readonly (readonly [word: string, count: number])[];

const LETTERS = ['a', 'b', 'c'];
const limits = (changes: Partial<MergeLimits> = {}): MergeLimits => ({
  vocabularySize: 1000,
  minFrequency: 1,
  maxTokenLength: Number.POSITIVE_INFINITY,
  ...changes,
});

function learn(corpus: Corpus, options: MergeLimits): string[] {
  const tokens = new TokenTable([], LETTERS);
  const words = new Words();
  for (const [word, count] of corpus)
    words.append(
      Array.from(word, (letter) => tokens.id(letter)!),
      0,
      word.length,
      count,
    );
  const learner = new MergeLearner(words, tokens, options);
  while (learner.step());
  return tokens.merges.map(({ first, second }) => `${tokens.tokens[first]} ${tokens.tokens[second]}`);
}

/** The definition: count all pairs anew after each merge. */
function learnByRecounting(corpus: Corpus, { vocabularySize, minFrequency }: MergeLimits): string[] {
  let words = corpus.map(([word, count]) => ({ symbols: [...word], count }));
  const tokens = [...LETTERS];
  const merges: string[] = [];
  while (tokens.length < vocabularySize) {
    const counts = new Map<string, number>();
    for (const { symbols, count } of words)
      for (let i = 0; i + 1 < symbols.length; i++) {
        const pair = `${symbols[i]} ${symbols[i + 1]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + count);
      }
    const ids = (pair: string) => pair.split(' ').map((token) => tokens.indexOf(token)) as [number, number];
    const [best] = [...counts].sort(([one, oneCount], [other, otherCount]) => {
      const [a, b] = [ids(one), ids(other)];
      return otherCount - oneCount || a[0] - b[0] || a[1] - b[1];
    });
    if (best === undefined || best[1] < minFrequency) break;
    const [pair] = best;
    merges.push(pair);
    const merged = pair.replace(' ', '');
    if (!tokens.includes(merged)) tokens.push(merged);
    words = words.map(({ symbols, count }) => {
      const joined: string[] = [];
      for (let i = 0; i < symbols.length; i++) {
        const isPair = `${symbols[i]} ${symbols[i + 1]}` === pair;
        joined.push(isPair ? merged : symbols[i]!);
        if (isPair) i++;
      }
      return { symbols: joined, count };
    });
  }
  return merges;
}

describe('learning merges', () => {
  it('merges the most frequent pair, and of equally frequent ones that of smaller ids', () => {
    // ab: 5 + 2 = 7, bc: 2 + 5 = 7, cc: 3; then ab·c: 2, and bc: 5 is left; then cc.
    const corpus: Corpus = [
      ['ab', 5],
      ['abc', 2],
      ['bc', 5],
      ['cc', 3],
    ];
    expect(learn(corpus, limits())).toEqual(['a b', 'b c', 'c c', 'ab c']);
  });

  it('merges overlapping occurrences from the left', () => {
    // aaaaa = aa aa a: the pair (aa, aa) occurs once, (aa, a) once.
    expect(learn([['aaaaa', 1]], limits())).toEqual(['a a', 'aa a', 'aa aaa']);
  });

  it('stops at the vocabulary size, and below the minimum frequency', () => {
    const corpus: Corpus = [
      ['ab', 4],
      ['bc', 3],
    ];
    expect(learn(corpus, limits({ vocabularySize: 4 }))).toEqual(['a b']);
    expect(learn(corpus, limits({ minFrequency: 4 }))).toEqual(['a b']);
  });

  it('makes no token as long as the limit', () => {
    const merges = learn([['abcabc', 2]], limits({ maxTokenLength: 4 }));
    expect(merges).toEqual(['a b', 'ab c']);
  });

  it('learns from one word of 300,000 symbols in time that its length does not square', () => {
    expect(learn([['abc'.repeat(100_000), 1]], limits({ vocabularySize: 20 }))).toHaveLength(17);
  });

  it('learns what counting anew after each merge would, for any corpus', () => {
    const word = fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 1, maxLength: 14 });
    const corpora = fc.uniqueArray(fc.tuple(word, fc.integer({ min: 1, max: 9 })), {
      minLength: 1,
      maxLength: 12,
      selector: ([text]) => text,
    });
    fc.assert(
      fc.property(corpora, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 3, max: 60 }), (corpus, least, size) => {
        const options = limits({ minFrequency: least, vocabularySize: size });
        const expected = learnByRecounting(corpus, options);
        // Where two pairs make the same token, the trainer that we follow weighs the first one's count twice.
        fc.pre(new Set(expected.map((pair) => pair.replace(' ', ''))).size === expected.length);
        expect(learn(corpus, options)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });
});
