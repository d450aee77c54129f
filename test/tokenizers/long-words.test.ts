import { describe, expect, it } from 'vitest';
import { TokenizerError } from '../../src/support/errors.js';
import { loadHuggingFace } from '../../src/tokenizers/huggingface/index.js';
import { loadTokenizer } from '../../src/tokenizers/index.js';
import { pathOf } from './rust-library.js';
import { byteLevelFile } from './tiny-files.js';

/** Far beyond where words are scanned; a word of 100 MB is in `test/full/fuzz`. */
const LENGTH = 300_000;

describe('a document that is one word', () => {
  it.each(['claude', 'llama2'] as const)('is encoded by the tokenizer of %s', async (name) => {
    const tokenizer = await loadTokenizer(pathOf(name));
    const text = 'a'.repeat(LENGTH);
    const ids = tokenizer.encode(text);
    expect(Buffer.from(tokenizer.decode(ids)).equals(Buffer.from(text))).toBe(true);
    // The bulk is the longest token of a's that there is, or two that share it.
    const most = new Set(ids.subarray(10, -10));
    expect(most.size).toBeLessThanOrEqual(2);
  });

  it('does not change how later documents are encoded', async () => {
    const tokenizer = await loadTokenizer(pathOf('claude'));
    const before = tokenizer.encode('some words');
    tokenizer.encode(' '.repeat(LENGTH));
    expect(tokenizer.encode('some words')).toEqual(before);
  });
});

describe('a word too long for a pattern that has no scanner', () => {
  const pattern = { Regex: '(?:ab|c)+|.' };
  const pretokenizers = [
    { type: 'Split', pattern, behavior: 'Isolated', invert: false },
    { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
  ];
  const json = byteLevelFile({ pre_tokenizer: { type: 'Sequence', pretokenizers } });
  const tokenizer = loadHuggingFace(Buffer.from(json), 'tokenizer.json');

  it('is refused with a hint, and the next text is encoded as ever', () => {
    const before = tokenizer.encode('cab hello');
    expect(() => tokenizer.encode('c'.repeat(12e6))).toThrow(
      expect.objectContaining({
        constructor: TokenizerError,
        message: expect.stringContaining('too long for the tokenizer'),
        hint: expect.stringContaining('leave them out'),
      }),
    );
    expect(tokenizer.encode('cab hello')).toEqual(before);
  });
});
