import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Flags } from '@oclif/core';
import type { ImportReport } from '../data/import-options.js';
import type { SourceCandidate } from '../data/source-candidates.js';
import { BaseCommand } from './base.js';

/** Share of the documents that is held out. */
const HELD_OUT = 0.05;

export default class Init extends BaseCommand {
  static override summary = 'Begin a project: write pc.config.yaml, and import training and validation data.';
  static override description =
    "Imports source code that is on this machine: that of the current directory if there is enough, else this program's own dependencies, Python's library or Node's headers. Datasets data/train and data/validation that exist already are kept.";
  static override examples = ['<%= config.bin %> init', '<%= config.bin %> init --data ~/projects'];
  static override flags = {
    data: Flags.string({ summary: 'Folder of text to train on, instead.', helpValue: 'DIR' }),
    force: Flags.boolean({ summary: 'Replace a configuration and data that exist.' }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(Init);
    const { PROJECT_FILE, PROJECT_TEMPLATE, refuseSecondProject } = await import('../config/project-file.js');
    const { IMPORT_DEFAULTS } = await import('../data/import-options.js');
    const { importSourceTree } = await import('../data/import.js');
    const { findSourceCode } = await import('../data/source-candidates.js');
    const { refuseToOverwrite } = await import('../support/output-failures.js');
    const { writeFileAtomic } = await import('../support/atomic-files.js');

    const cwd = process.cwd();
    await refuseSecondProject(cwd, flags.force);
    const datasets = ['data/train', 'data/validation'] as const;
    // Data that was imported or downloaded before stays as it is, unless other data is asked for.
    const keep = !flags.force && flags.data === undefined && datasets.every((path) => existsSync(path));
    if (!keep) for (const path of datasets) await refuseToOverwrite(path, flags.force);

    const { source, report } = await this.runTasks<{ source?: SourceCandidate; report?: ImportReport }>(
      [
        {
          title: 'Looking for source code',
          enabled: flags.data === undefined && !keep,
          task: async (context, task) => {
            context.source = await findSourceCode(cwd);
            task.title = `Found ${context.source.title}`;
          },
        },
        {
          title: 'Importing training and validation data',
          enabled: !keep,
          task: async (context, task) => {
            const progress = this.progressOf(task);
            context.report = await importSourceTree({
              ...IMPORT_DEFAULTS,
              directories: context.source?.directories ?? [resolve(flags.data!)],
              extensions: context.source?.extensions ?? null,
              output: join('data', 'train'),
              validation: { fraction: HELD_OUT, output: join('data', 'validation') },
              datasetRoot: 'data',
              force: flags.force,
              signal: this.stopSignal,
              progress: ({ bytes }) => progress.report({ done: bytes, unit: 'bytes' }),
            });
          },
        },
        { title: `Writing ${PROJECT_FILE}`, task: () => writeFileAtomic(PROJECT_FILE, PROJECT_TEMPLATE) },
      ],
      {},
    );
    const [training, validation] = [report?.training ?? null, report?.validation ?? null];
    this.log(`\nTraining data:   ${training === null ? `${datasets[0]}, as it is` : describe(training)}`);
    this.log(`Validation data: ${validation === null ? `${datasets[1]}, as it is` : describe(validation)}`);
    this.log('\nNext: pc train, then pc eval bpb --raw-only; pc configs show prints all settings.');
    return { config: PROJECT_FILE, source: source?.title ?? flags.data ?? null, training, validation };
  }
}

function describe({ documents, textBytes }: ImportReport['training']): string {
  return `${documents} documents, ${(textBytes / 1e6).toFixed(2)} MB of text`;
}
