import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../src/tokenizers/index.js';
import { pathOf } from './rust-library.js';

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
