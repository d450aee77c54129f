import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TRAINING_DEFAULTS, trainTokenizer } from '../../../src/tokenizers/training/index.js';
import { corpusOf } from './count-texts.js';

interface Case {
  options: {
    pattern: string;
    vocab_size: number;
    min_frequency: number;
    special_tokens: string[];
    max_token_length?: number;
  };
  tokens: string[];
  merges: string[];
}

const FIXTURES = new URL('../../fixtures/tokenizers/training/', import.meta.url);
const texts = readFileSync(new URL('corpus.jsonl', FIXTURES), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => (JSON.parse(line) as { text: string }).text);
const { cases } = JSON.parse(readFileSync(new URL('rust-trainer.json', FIXTURES), 'utf8')) as {
  cases: Record<string, Case>;
};

describe('what is learned is what the Rust trainer learns', () => {
  it.each(Object.entries(cases))('%s', async (_name, { options, tokens, merges }) => {
    const { file } = await trainTokenizer(corpusOf(texts), {
      ...TRAINING_DEFAULTS,
      pattern: options.pattern,
      vocabularySize: options.vocab_size,
      minFrequency: options.min_frequency,
      specialTokens: options.special_tokens,
      maxTokenLength: options.max_token_length ?? null,
    });
    const { model } = JSON.parse(file) as { model: { vocab: Record<string, number>; merges: [string, string][] } };
    expect(model.merges.map((merge) => merge.join(' '))).toEqual(merges);
    expect(Object.keys(model.vocab).sort((a, b) => model.vocab[a]! - model.vocab[b]!)).toEqual(tokens);
  });
});
