import { Args, Flags } from '@oclif/core';
import type { CodebookVerification } from '../../data/codebook-building/verify-codebook.js';
import { DEFAULT_CODEBOOK, resolveCodebook } from '../../neural-coding/artifacts.js';
import { BaseCommand } from '../base.js';
import { badRecordFlag } from '../shell/bad-record-flag.js';
import { describeVerification } from '../shell/codebook-lines.js';

export default class CodebookVerify extends BaseCommand {
  static override summary = 'Check that a codebook is whole, and that it gives back every document.';
  static override description =
    'Checks the checksum, the trie and the codes, that every byte alone has a code, and that all bytes and their pairs come back. With --data every document is encoded and decoded as well.';
  static override examples = [
    '<%= config.bin %> codebook verify',
    '<%= config.bin %> codebook verify codebooks/code-16.codebook --data data/validation',
  ];
  static override args = {
    codebook: Args.string({
      description: 'a shipped codebook, or a file',
      name: 'NAME|FILE',
      default: DEFAULT_CODEBOOK,
    }),
  };
  static override flags = {
    data: Flags.string({ summary: 'Folder or file of documents to encode and decode.', helpValue: 'PATH' }),
    frequencies: Flags.string({
      summary: 'Frequencies that were written with the codebook: compile it again, and compare.',
      helpValue: 'FILE',
    }),
    'on-bad-record': badRecordFlag,
  };

  async run(): Promise<CodebookVerification> {
    const { args, flags } = await this.parse(CodebookVerify);
    const { verifyCodebook } = await import('../../data/codebook-building/verify-codebook.js');
    const path = resolveCodebook(args.codebook);
    const signal = this.stopSignal;
    const data = flags.data === undefined ? null : { path: flags.data, onBadRecord: flags['on-bad-record'] };
    const verified = await this.runOnBytes(`Verifying ${path}`, null, (progress) =>
      verifyCodebook(path, { data, frequencies: flags.frequencies ?? null, signal, progress }),
    );
    for (const line of describeVerification(verified)) this.log(line);
    return verified;
  }
}
