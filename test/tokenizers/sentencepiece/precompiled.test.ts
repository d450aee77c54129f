import { describe, expect, it } from 'vitest';
import { readModelFile } from '../../../src/tokenizers/sentencepiece/model-file.js';
import {
  precompiledGraphemeNormalizer,
  precompiledNormalizer,
} from '../../../src/tokenizers/sentencepiece/precompiled.js';
import { fixture, modelBytes } from './fixtures.js';

const texts = fixture<string[]>('cases');
const expected = fixture<{ sentencepiece: string[]; huggingface: string[] }>('normalized');
const { charsMap } = readModelFile(modelBytes('unigram-nmt-nfkc'), 'unigram-nmt-nfkc.model').normalization;

describe('precompiled rules of normalisation', () => {
  it('are applied as by SentencePiece: the longest rule, from left to right', () => {
    expect(texts.map(precompiledNormalizer(charsMap))).toEqual(expected.sentencepiece);
  });

  it('are applied as by Hugging Face: by grapheme cluster, the shortest rule', () => {
    expect(texts.map(precompiledGraphemeNormalizer(charsMap))).toEqual(expected.huggingface);
  });

  it('are applied to clusters wherever the text is cut for the segmenter', () => {
    const normalize = precompiledGraphemeNormalizer(charsMap);
    // Clusters of two and of three characters, a flag and a family among them, at every distance from the beginning.
    const cluster = 'e\u0301q\u0327\u0301👨‍👩‍👧🇨🇭ﬁ한글e';
    for (let before = 200; before < 270; before++)
      expect(normalize(`${'文'.repeat(before)}${cluster}`)).toBe('文'.repeat(before) + normalize(cluster));
    expect(normalize(`a${'\u0301'.repeat(1000)}`)).toBe(`a${'\u0301'.repeat(1000)}`);
  });

  it('take time in proportion to the text', () => {
    const text = '日本語の文字'.repeat(50_000);
    expect(precompiledGraphemeNormalizer(charsMap)(text)).toBe(text);
  });

  it('differ between the two for a cluster that a rule covers in part', () => {
    expect(precompiledNormalizer(charsMap)('a\r\nb')).toBe('a  b');
    expect(precompiledGraphemeNormalizer(charsMap)('a\r\nb')).toBe('a b');
  });

  it('are refused if damaged', () => {
    expect(() => precompiledNormalizer(charsMap.subarray(0, 100))).toThrow(/is damaged/);
    expect(() => precompiledNormalizer(Uint8Array.of(0, 0, 0, 0))).toThrow(/is damaged/);
  });
});
