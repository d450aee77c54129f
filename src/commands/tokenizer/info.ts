import { Args } from '@oclif/core';
import { DEFAULT_TOKENIZER, resolveTokenizer, SHIPPED_TOKENIZERS } from '../../tokenizers/artifacts.js';
import { BaseCommand } from '../base.js';
import { describeTokenizer, type TokenizerFacts } from '../shell/tokenizer-lines.js';

export default class TokenizerInfo extends BaseCommand {
  static override summary = 'Show what a tokenizer file holds.';
  static override description = `Shipped with the package: ${Object.entries(SHIPPED_TOKENIZERS)
    .map(([name, what]) => `${name} (${what})`)
    .join(', ')}.`;
  static override examples = [
    '<%= config.bin %> tokenizer info',
    '<%= config.bin %> tokenizer info tokenizers/code/tokenizer.json --json',
  ];
  static override args = {
    tokenizer: Args.string({
      description: 'a shipped tokenizer, a tokenizer.json, a SentencePiece model, or a folder with one',
      name: 'NAME|PATH',
      default: DEFAULT_TOKENIZER,
    }),
  };

  async run(): Promise<TokenizerFacts> {
    const { args } = await this.parse(TokenizerInfo);
    const { loadTokenizer, vocabularyStatistics } = await import('../../tokenizers/index.js');
    const path = resolveTokenizer(args.tokenizer);
    const tokenizer = await loadTokenizer(path);
    const { vocabularySize, fingerprint, lossless, addedTokens, byteIds } = tokenizer;
    const facts: TokenizerFacts = {
      path,
      fingerprint,
      vocabularySize,
      lossless,
      allBytes: byteIds !== null,
      addedTokens,
      ...vocabularyStatistics(tokenizer),
    };
    for (const line of describeTokenizer(facts)) this.log(line);
    return facts;
  }
}
