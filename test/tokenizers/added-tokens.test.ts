import { describe, expect, it } from 'vitest';
import { loadHuggingFace } from '../../src/tokenizers/huggingface/index.js';
import type { AddedTokenMatching } from '../../src/tokenizers/tokenizer.js';
import { addedToken, byteLevelFile } from './tiny-files.js';

const tokenizer = loadHuggingFace(
  Buffer.from(
    byteLevelFile({
      added_tokens: [
        addedToken(300, '<ab>', { special: true }),
        addedToken(301, 'ab'),
        addedToken(302, '  '),
        addedToken(303, 'XX', { normalized: true }),
      ],
      normalizer: { type: 'Lowercase' },
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
    }),
  ),
  'tokenizer.json',
);

const tokens = (text: string, matchAddedTokens: AddedTokenMatching) =>
  Array.from(tokenizer.encode(text, { matchAddedTokens }), (id) => tokenizer.tokenName(id));

describe('added tokens within a text', () => {
  it('are all found, unless something else is asked for', () => {
    expect(tokens('<ab>ab  xx', 'all')).toEqual(['<ab>', 'ab', '  ', 'XX']);
    expect(tokenizer.encode('<ab>ab')).toEqual(tokenizer.encode('<ab>ab', { matchAddedTokens: 'all' }));
  });

  // What the Rust library 0.23.3 gives with `encode_special_tokens`, by its Python binding.
  it.each([
    ['<ab>ab', ['<', 'a', 'b', '>', 'ab']],
    ['a  b<a', ['a', '  ', 'b', '<', 'a']],
    ['xx<ab>x', ['XX', '<', 'a', 'b', '>', 'x']],
    ['ab<ab>', ['ab', '<', 'a', 'b', '>']],
  ])('are found if they are ordinary: %s', (text, expected) => {
    expect(tokens(text, 'ordinary')).toEqual(expected);
  });

  it('are text where none is wanted', () => {
    expect(tokens('<ab>  xx', 'none')).toEqual(['<', 'a', 'b', '>', 'ĠĠ', 'x', 'x']);
  });
});
