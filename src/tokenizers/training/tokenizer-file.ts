import type { TokenTable } from './token-table.js';

/** `tokenizer.json` of byte-level BPE, as Hugging Face's library writes it. */
export function tokenizerFile(tokens: TokenTable, specialTokens: readonly string[], pattern: string): string {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  return `${JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content) => ({
      id: tokens.id(content)!,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [{ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }, byteLevel],
    },
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.tokens.map((token, id) => [token, id])),
      merges: tokens.merges.map(({ first, second }) => [tokens.tokens[first]!, tokens.tokens[second]!]),
    },
  })}\n`;
}
