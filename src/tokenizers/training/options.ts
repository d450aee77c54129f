import { BYTE_CHARACTERS } from '../huggingface/byte-alphabet.js';
import { LLAMA3_PATTERN } from '../splitting/scanners/cl100k.js';
import { GPT2_PATTERN } from '../splitting/scanners/gpt2.js';

/** Expressions of Oniguruma, as `tokenizer.json` has them, by the names that `--pattern` takes. */
export const PATTERNS = {
  /** Of GPT-2's encoder. */
  gpt2: GPT2_PATTERN,
  /** Of GPT-4's, as Llama 3 writes it: numbers in groups of three, line breaks with the punctuation before them. */
  gpt4: LLAMA3_PATTERN,
} as const;

/** The expression that is given by one of these names, or as it is. */
export function patternOf(nameOrExpression: string): string {
  return Object.hasOwn(PATTERNS, nameOrExpression)
    ? PATTERNS[nameOrExpression as keyof typeof PATTERNS]
    : nameOrExpression;
}

/**
 * Where superwords end: at numbers, which stay in groups of three, and after the line breaks that end a line. The published
 * trainer of SuperBPE reads files by line and keeps numbers apart; here the pattern itself says both, so that encoding cuts
 * where training did.
 */
export const SUPERWORD_PATTERN = '\\p{N}{1,3}|[^\\r\\n\\p{N}]+[\\r\\n]*|[\\r\\n]+';

export const TOKENIZER_KINDS = ['bpe', 'superbpe'] as const;
export type TokenizerKind = (typeof TOKENIZER_KINDS)[number];

export interface TokenizerTrainingOptions {
  kind: TokenizerKind;
  /** Tokens, special ones and the 256 bytes included. */
  vocabularySize: number;
  /** Occurrences that a pair must have to be merged. */
  minFrequency: number;
  /** Their ids are the first, in this order. */
  specialTokens: readonly string[];
  /** Merged tokens are shorter than this, in bytes; null: of any length. */
  maxTokenLength: number | null;
  /** Cuts text into pre-tokens, across which nothing is merged: an expression of Oniguruma. */
  pattern: string;
  /** superbpe: share of the vocabulary that is learned within pre-tokens, before merging goes on across them. */
  transition: number;
}

export const TRAINING_DEFAULTS = {
  kind: 'bpe',
  vocabularySize: 65_536,
  minFrequency: 2,
  specialTokens: ['<|endoftext|>'],
  maxTokenLength: null,
  pattern: PATTERNS.gpt4,
  transition: 0.8,
} as const satisfies TokenizerTrainingOptions;

/** Why these cannot be the special tokens of a vocabulary, and what to do about it; null if they can. */
export function specialTokensFault(specialTokens: readonly string[]): { what: string; hint: string } | null {
  const seen = new Set<string>();
  for (const token of specialTokens) {
    if (token === '') return { what: 'a special token is empty', hint: 'Name it, or leave it out.' };
    if (seen.has(token)) return { what: `the special token "${token}" is named twice`, hint: 'Name it once.' };
    // One name has one id: text with the byte would become a control token.
    if (BYTE_CHARACTERS.includes(token)) {
      const what = `the special token "${token}" has the name of a byte's token`;
      return { what, hint: 'Give it a longer name, such as "<|name|>".' };
    }
    seen.add(token);
  }
  return null;
}
