import { join } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { IMPORT_DEFAULTS, type ImportReport, skipCounts } from '../../data/import-options.js';
import { UsageError } from '../../support/errors.js';
import { BaseCommand } from '../base.js';

export default class DataImport extends BaseCommand {
  static override summary = 'Make a dataset of a source tree: one document a file.';
  static override description =
    'Writes chunks of JSONL and a manifest to ROOT/SOURCE. Files that a .gitignore excludes, binary files, files that are not UTF-8 and further copies of the same content, node_modules, dot files and datasets (the whole ROOT) are left out and counted.';
  static override examples = [
    '<%= config.bin %> data import ~/projects --validation 0.05',
    '<%= config.bin %> data import linux --extensions c,h --source linux',
  ];
  static override args = { directory: Args.string({ description: 'the source tree', required: true, name: 'DIR' }) };
  static override flags = {
    root: Flags.string({ summary: 'Folder of all datasets: data.root of a run.', helpValue: 'DIR', default: 'data' }),
    source: Flags.string({ summary: 'Name of the dataset, a folder below the root.', default: 'train' }),
    validation: Flags.string({
      summary: 'Share of the documents to hold out, as ROOT/validation, between 0 and 1.',
      helpValue: 'FRACTION',
    }),
    extensions: Flags.string({ summary: 'Take only files with these extensions.', helpValue: 'ts,py,…' }),
    'min-bytes': Flags.integer({ summary: 'Smallest file that is taken.', min: 1, default: IMPORT_DEFAULTS.minBytes }),
    'max-bytes': Flags.integer({ summary: 'Largest file that is taken.', min: 1, default: IMPORT_DEFAULTS.maxBytes }),
    hidden: Flags.boolean({ summary: 'Take files and folders whose names begin with a dot, too.' }),
    prefix: Flags.string({ summary: "Beginning of the chunks' names.", default: IMPORT_DEFAULTS.prefix }),
    'chunk-bytes': Flags.integer({ summary: 'Largest size of a chunk.', min: 1, default: IMPORT_DEFAULTS.chunkBytes }),
    force: Flags.boolean({ summary: 'Replace datasets that exist.' }),
  };

  async run(): Promise<ImportReport> {
    const { args, flags } = await this.parse(DataImport);
    const { importSourceTree } = await import('../../data/import.js');
    const { sourceDirectory } = await import('../../data/dataset-directory.js');
    const { root } = flags;
    const output = sourceDirectory(root, flags.source);
    const heldOut = join(root, 'validation');
    const fraction = flags.validation === undefined ? null : parseFraction(flags.validation);
    if (fraction !== null && output === heldOut) {
      throw new UsageError(`${heldOut} is where the documents that are held out go`, {
        hint: 'Choose another --source, or leave out --validation.',
      });
    }
    const { report } = await this.runTasks<{ report?: ImportReport }>(
      [
        {
          title: `Importing ${args.directory} into ${output}`,
          task: async (context, task) => {
            const progress = this.progressOf(task);
            context.report = await importSourceTree({
              directories: [args.directory],
              output,
              validation: fraction === null ? null : { fraction, output: heldOut },
              extensions: flags.extensions?.split(',').map((extension) => extension.trim().replace(/^\./, '')) ?? null,
              minBytes: flags['min-bytes'],
              maxBytes: flags['max-bytes'],
              prefix: flags.prefix,
              chunkBytes: flags['chunk-bytes'],
              datasetRoot: root,
              hidden: flags.hidden,
              emptyHint: 'Choose another folder, or wider --extensions, --min-bytes and --max-bytes, or --hidden.',
              force: flags.force,
              signal: this.stopSignal,
              progress: ({ bytes }) => progress.report({ done: bytes, unit: 'bytes' }),
            });
          },
        },
      ],
      {},
    );
    for (const line of describe(report!, output, heldOut)) this.log(line);
    return report!;
  }
}

function parseFraction(text: string): number {
  const fraction = Number(text);
  if (fraction > 0 && fraction < 1) return fraction;
  throw new UsageError(`--validation must be between 0 and 1, not ${text}`, { hint: 'For example --validation 0.05.' });
}

function describe({ training, validation, skipped }: ImportReport, output: string, heldOut: string): string[] {
  const count = ({ documents, textBytes }: ImportReport['training']) =>
    `${documents} documents, ${(textBytes / 1e6).toFixed(2)} MB of text`;
  const reasons = skipCounts(skipped);
  return [
    `${output}: ${count(training)}`,
    ...(validation === null ? [] : [`${heldOut}: ${count(validation)}`]),
    ...(reasons.length === 0 ? [] : [`left out: ${reasons.join(', ')}`]),
  ];
}
