import { Args, Flags } from '@oclif/core';
import { BaseCommand } from './base.js';

export default class Report extends BaseCommand {
  static override summary = 'Write one HTML page about runs: table, curves, configuration, environment.';
  static override description =
    'The page needs no network and no script. Runs that differ in heads, symbols a step or context are shown together with a note that says so.';
  static override examples = [
    '<%= config.bin %> report runs/default',
    '<%= config.bin %> report runs/bytes runs/gzip -o comparison.html --title "gzip against bytes"',
  ];
  static override strict = false;
  static override args = { run: Args.string({ description: 'directories of runs', required: true, name: 'RUN...' }) };
  static override flags = {
    output: Flags.string({ char: 'o', summary: 'File to write.', helpValue: 'FILE', default: 'report.html' }),
    title: Flags.string({ summary: 'Title of the page.', default: 'Training report' }),
    force: Flags.boolean({ summary: 'Replace a file that exists.' }),
  };

  async run(): Promise<object> {
    const { argv, flags } = await this.parse(Report);
    const { buildReport } = await import('../reporting/index.js');
    const { refuseToOverwrite } = await import('../support/output-failures.js');
    const { writeFileAtomic } = await import('../support/atomic-files.js');
    await refuseToOverwrite(flags.output, flags.force);
    const { page, summaries, notes } = await buildReport({
      directories: argv.map(String),
      title: flags.title,
      madeBy: `${this.config.name} ${this.config.version}`,
    });
    await writeFileAtomic(flags.output, page);
    for (const note of notes) this.log(`Not like for like. ${note}`);
    this.log(`Wrote ${flags.output}: ${summaries.map(({ name }) => name).join(', ')}`);
    return { output: flags.output, runs: summaries, notes };
  }
}
