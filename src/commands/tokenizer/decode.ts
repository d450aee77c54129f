import { Args } from '@oclif/core';
import { TokenizerError } from '../../support/errors.js';
import { resolveTokenizer } from '../../tokenizers/artifacts.js';
import { BaseCommand } from '../base.js';
import { readText } from '../shell/text-source.js';
import { tokenizerFlag } from '../shell/tokenizer-flag.js';

export default class TokenizerDecode extends BaseCommand {
  static override summary = 'Turn token ids into the bytes that they stand for.';
  static override description =
    'Writes exactly these bytes, without a line break at the end. Ids may be separated by white space, commas and brackets.';
  static override examples = [
    '<%= config.bin %> tokenizer decode 318 291 57',
    '<%= config.bin %> tokenizer encode -t tokenizers/code -f main.py | <%= config.bin %> tokenizer decode -t tokenizers/code',
  ];
  static override strict = false;
  static override args = {
    ids: Args.string({ description: 'the ids; without them, standard input', name: 'IDS', ignoreStdin: true }),
  };
  static override flags = { tokenizer: tokenizerFlag };

  async run(): Promise<{ bytes: number; base64: string }> {
    const { args, flags, raw } = await this.parse(TokenizerDecode);
    const { loadTokenizer } = await import('../../tokenizers/index.js');
    const tokenizer = await loadTokenizer(resolveTokenizer(flags.tokenizer));
    // oclif's own list of arguments has equal ones in another order.
    const words = raw.filter(({ type }) => type === 'arg').map(({ input }) => input);
    const typed = args.ids === undefined ? undefined : words.join(' ');
    const bytes = tokenizer.decode(parseIds((await readText(typed, undefined)).toString()));
    if (!this.jsonEnabled()) await new Promise((resolve) => process.stdout.write(bytes, resolve));
    return { bytes: bytes.length, base64: Buffer.from(bytes).toString('base64') };
  }
}

function parseIds(text: string): Uint32Array {
  const words = text.split(/[\s,[\]]+/).filter((word) => word !== '');
  return Uint32Array.from(words, (word) => {
    const id = Number(word);
    if (/^\d+$/.test(word) && id < 2 ** 32) return id;
    throw new TokenizerError(`${JSON.stringify(word)} is no token id`, {
      hint: 'Give numbers, as encode prints them.',
    });
  });
}
