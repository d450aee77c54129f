import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import type { QuickstartResults } from '../quickstart/index.js';
import { BaseCommand, type Task } from './base.js';
import { minutesFlag } from './shell/minutes-flag.js';
import { describeQuickstart } from './shell/quickstart-lines.js';
import { trainingObserver } from './shell/training-lines.js';

export default class QuickstartCommand extends BaseCommand {
  static override summary = 'From nothing to trained models in minutes: raw bytes and three proxies, compared.';
  static override description =
    `Imports source code found on this machine, holds a part out, trains four small models with equal compute – one on raw bytes, three mostly on text that was compressed by gzip, by a BPE of 4096 tokens, or into neural codes of 12 bits – measures all on raw bytes of the held-out part, and writes a page with the curves.

One that was stopped goes on when it is started again.`;
  static override examples = [
    '<%= config.bin %> quickstart',
    '<%= config.bin %> quickstart --minutes 20 --data ~/projects -o first-look',
  ];
  static override flags = {
    output: Flags.string({
      char: 'o',
      summary: 'Directory of all that is made.',
      helpValue: 'DIR',
      default: 'quickstart',
    }),
    minutes: minutesFlag({ summary: 'Time for all of it; 4 by default.' }),
    data: Flags.string({ summary: 'Folder of text to train on, instead.', helpValue: 'DIR' }),
    force: Flags.boolean({ summary: 'Begin anew where a quickstart was finished or stopped.' }),
  };

  async run(): Promise<QuickstartResults> {
    const { flags } = await this.parse(QuickstartCommand);
    const { Quickstart } = await import('../quickstart/index.js');
    const quickstart = await Quickstart.open({
      directory: flags.output,
      minutes: flags.minutes ?? null,
      data: flags.data === undefined ? null : resolve(flags.data),
      force: flags.force,
      registry: await this.loadPlugins(),
      version: this.config.version,
      signal: this.stopSignal,
      onProblem: (message) => process.stderr.write(`Warning: ${message}\n`),
    });
    try {
      if (quickstart.goesOn) this.log(`Going on with the quickstart in ${flags.output}`);
      await this.runTasks<object>(
        quickstart.stages.map(
          ({ title, run }): Task<object> => ({
            title,
            task: async (_, task) => {
              const note = (line: string): void => {
                task.output = line;
              };
              const reporter = this.progressOf(task);
              await run({ note, progress: (done) => reporter.report(done), training: trainingObserver(note) });
            },
            rendererOptions: { persistentOutput: true },
          }),
        ),
        {},
      );
    } finally {
      await quickstart.close();
    }
    for (const line of describeQuickstart(quickstart.finished)) this.log(line);
    return quickstart.finished;
  }
}
