import { Flags } from '@oclif/core';
import { resolveTokenizer } from '../../tokenizers/artifacts.js';
import { ADDED_TOKEN_MATCHING } from '../../tokenizers/tokenizer.js';
import { BaseCommand } from '../base.js';
import { readText, textArgument, textFileFlag } from '../shell/text-source.js';
import { tokenizerFlag } from '../shell/tokenizer-flag.js';
import { describeTokens, type EncodedText } from '../shell/tokenizer-lines.js';

export default class TokenizerEncode extends BaseCommand {
  static override summary = 'Turn a text into token ids.';
  static override description =
    'Prints the ids on one line, or with --tokens one token a line. The text is taken as one document; bytes that are not UTF-8 become tokens of single bytes.';
  static override examples = [
    "<%= config.bin %> tokenizer encode 'def f(x): return x'",
    '<%= config.bin %> tokenizer encode --tokenizer tokenizers/code --file main.py --tokens',
    'git show HEAD | <%= config.bin %> tokenizer encode',
  ];
  static override args = { text: textArgument };
  static override flags = {
    tokenizer: tokenizerFlag,
    file: textFileFlag,
    tokens: Flags.boolean({ summary: 'Show each token: its id, its name, its bytes as text.' }),
    'added-tokens': Flags.option({
      options: ADDED_TOKEN_MATCHING,
      default: 'ordinary' as const,
      summary: 'Which added tokens the text writes by their names.',
      description: 'ordinary: those that are not special, as for compressors. What is not read as a token is text.',
    })(),
  };

  async run(): Promise<EncodedText> {
    const { args, flags } = await this.parse(TokenizerEncode);
    const { encodeBytes, loadTokenizer } = await import('../../tokenizers/index.js');
    const tokenizer = await loadTokenizer(resolveTokenizer(flags.tokenizer));
    const bytes = await readText(args.text, flags.file);
    const ids = encodeBytes(tokenizer, bytes, { matchAddedTokens: flags['added-tokens'] });
    // Lines are made only where they are shown: of a large file there are millions.
    if (!this.jsonEnabled())
      for (const line of flags.tokens ? describeTokens(tokenizer, ids) : [ids.join(' ')]) this.log(line);
    const tokens = flags.tokens ? Array.from(ids, (id) => tokenizer.tokenName(id) ?? '') : null;
    return { bytes: bytes.length, ids: Array.from(ids), ...(tokens !== null && { tokens }) };
  }
}
