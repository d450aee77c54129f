import type { Tokenizer } from './tokenizer.js';

export interface VocabularyStatistics {
  /** Ids that no token has. */
  unusedIds: number;
  /** Of all tokens but the added ones, in bytes. */
  meanTokenBytes: number;
  longestToken: { id: number; name: string; bytes: number } | null;
  /** Tokens with white space between other characters, however they were learned. */
  tokensAcrossWords: number;
}

/** What can be said of a vocabulary without a text. */
export function vocabularyStatistics(tokenizer: Tokenizer): VocabularyStatistics {
  const added = new Set(tokenizer.addedTokens.map(({ id }) => id));
  const decoder = new TextDecoder();
  let [unusedIds, tokens, bytes, tokensAcrossWords] = [0, 0, 0, 0];
  let longest: VocabularyStatistics['longestToken'] = null;
  for (let id = 0; id < tokenizer.vocabularySize; id++) {
    if (added.has(id)) continue;
    const content = tokenizer.tokenBytes(id);
    if (content === undefined) {
      unusedIds++;
      continue;
    }
    tokens++;
    bytes += content.length;
    if (/\S\s+\S/.test(decoder.decode(content))) tokensAcrossWords++;
    if (longest === null || content.length > longest.bytes) {
      longest = { id, name: tokenizer.tokenName(id)!, bytes: content.length };
    }
  }
  return { unusedIds, meanTokenBytes: tokens === 0 ? 0 : bytes / tokens, longestToken: longest, tokensAcrossWords };
}
