import { Args, Flags } from '@oclif/core';
import type { CodebookFacts } from '../../data/codebook-building/codebook-facts.js';
import { DEFAULT_CODEBOOK, resolveCodebook, SHIPPED_CODEBOOKS } from '../../neural-coding/artifacts.js';
import { BaseCommand } from '../base.js';
import { badRecordFlag } from '../shell/bad-record-flag.js';
import { describeCodebook } from '../shell/codebook-lines.js';

export default class CodebookInfo extends BaseCommand {
  static override summary = 'Show what a codebook holds, and what its windows make of documents.';
  static override description =
    `With --data: bytes per window, the most frequent phrases, and which codes stand for several texts.

Shipped with the package: ${Object.entries(SHIPPED_CODEBOOKS)
      .map(([name, what]) => `${name} (${what})`)
      .join('; ')}.`;
  static override examples = [
    '<%= config.bin %> codebook info',
    '<%= config.bin %> codebook info codebooks/code-16.codebook --data data/validation --json',
  ];
  static override args = {
    codebook: Args.string({
      description: 'a shipped codebook, or a file',
      name: 'NAME|FILE',
      default: DEFAULT_CODEBOOK,
    }),
  };
  static override flags = {
    data: Flags.string({ summary: 'Folder or file of documents to encode.', helpValue: 'PATH' }),
    top: Flags.integer({
      summary: 'Phrases and codes to show, those of the most windows.',
      helpValue: 'N',
      min: 0,
      default: 10,
    }),
    'on-bad-record': badRecordFlag,
  };

  async run(): Promise<CodebookFacts> {
    const { args, flags } = await this.parse(CodebookInfo);
    const { codebookFacts } = await import('../../data/codebook-building/codebook-facts.js');
    const path = resolveCodebook(args.codebook);
    const signal = this.stopSignal;
    const data = flags.data === undefined ? null : { path: flags.data, onBadRecord: flags['on-bad-record'] };
    const facts = await this.runOnBytes(`Reading ${path}`, null, (progress) =>
      codebookFacts(path, { data, top: flags.top, signal, progress }),
    );
    for (const line of describeCodebook(facts)) this.log(line);
    return facts;
  }
}
