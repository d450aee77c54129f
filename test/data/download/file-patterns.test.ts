import { describe, expect, it } from 'vitest';
import { pathPattern } from '../../../src/data/download/file-patterns.js';

describe('pathPattern', () => {
  it.each([
    ['C/train-*', 'C/train-00000-of-00003.parquet', true],
    ['C/train-*', 'CSharp/train-00000-of-00003.parquet', false],
    ['*.jsonl', 'deep/a.jsonl', false],
    ['**/*.jsonl', 'a.jsonl', true],
    ['**/*.jsonl', 'very/deep/a.jsonl', true],
    ['data/**', 'data/x/y.parquet', true],
    ['data/?.parquet', 'data/12.parquet', false],
    ['data/{train,test}-[0-9].parquet', 'data/test-7.parquet', true],
    ['data/[!a].parquet', 'data/a.parquet', false],
    ['a.b', 'axb', false],
    ['a+(b).jsonl', 'a+(b).jsonl', true],
  ])('%s matches %s: %s', (pattern, path, matches) => {
    expect(pathPattern(pattern).test(path)).toBe(matches);
  });

  it.each(['[z-a].jsonl', '{a{b}'])('refuses %s, which means nothing', (pattern) => {
    expect(() => pathPattern(pattern)).toThrow(expect.objectContaining({ code: 'download' }));
  });
});
