import { byteLevelFile } from '../huggingface/byte-level-file.js';
import type { TokenTable } from './token-table.js';

/** `tokenizer.json` of byte-level BPE, as Hugging Face's library writes it. */
export function tokenizerFile(tokens: TokenTable, specialTokens: readonly string[], pattern: string): string {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const content = byteLevelFile({
    specials: specialTokens.map((special) => ({ id: tokens.id(special)!, content: special })),
    preTokenizer: {
      type: 'Sequence',
      pretokenizers: [{ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }, byteLevel],
    },
    postProcessor: null,
    decoder: byteLevel,
    vocabulary: Object.fromEntries(tokens.tokens.map((token, id) => [token, id])),
    merges: tokens.merges.map(({ first, second }) => [tokens.tokens[first]!, tokens.tokens[second]!]),
  });
  return `${JSON.stringify(content)}\n`;
}
