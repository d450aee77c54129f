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

  it('differ between the two for a cluster that a rule covers in part', () => {
    expect(precompiledNormalizer(charsMap)('a\r\nb')).toBe('a  b');
    expect(precompiledGraphemeNormalizer(charsMap)('a\r\nb')).toBe('a b');
  });

  it('are refused if damaged', () => {
    expect(() => precompiledNormalizer(charsMap.subarray(0, 100))).toThrow(/is damaged/);
    expect(() => precompiledNormalizer(Uint8Array.of(0, 0, 0, 0))).toThrow(/is damaged/);
  });
});
