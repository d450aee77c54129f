import { Args, Flags } from '@oclif/core';
import { SHUFFLE_DEFAULTS, type ShuffleReport } from '../../data/shuffle-options.js';
import { BaseCommand } from '../base.js';
import { badRecordFlag } from '../shell/bad-record-flag.js';

export default class DataShuffle extends BaseCommand {
  static override summary = 'Write the records of a dataset in random order, also when they do not fit in memory.';
  static override description =
    'The order is decided by --seed and --memory alone. The input may be JSONL, JSONL compressed with gzip or zstd, or Parquet; the output is chunks of JSONL and a manifest.';
  static override examples = ['<%= config.bin %> data shuffle downloads/code --output data/train --seed 7'];
  static override args = {
    input: Args.string({ description: 'folder of a dataset, or one file', required: true, name: 'INPUT' }),
  };
  static override flags = {
    output: Flags.string({ char: 'o', summary: 'Folder of the shuffled dataset.', helpValue: 'DIR', required: true }),
    seed: Flags.integer({ summary: 'Seed of the order.', min: 0, default: 0 }),
    memory: Flags.integer({
      summary: 'Records to hold at once, in MB.',
      min: 1,
      default: SHUFFLE_DEFAULTS.memoryBytes / 1e6,
    }),
    prefix: Flags.string({ summary: "Beginning of the chunks' names.", default: SHUFFLE_DEFAULTS.prefix }),
    'chunk-bytes': Flags.integer({ summary: 'Largest size of a chunk.', min: 1, default: SHUFFLE_DEFAULTS.chunkBytes }),
    'on-bad-record': badRecordFlag,
    force: Flags.boolean({ summary: 'Replace a dataset that exists.' }),
  };

  async run(): Promise<ShuffleReport> {
    const { args, flags } = await this.parse(DataShuffle);
    const { shuffleDataset } = await import('../../data/shuffle.js');
    const { report } = await this.runTasks<{ report?: ShuffleReport }>(
      [
        {
          title: `Shuffling ${args.input} into ${flags.output}`,
          task: async (context, task) => {
            const progress = this.progressOf(task);
            context.report = await shuffleDataset({
              input: args.input,
              output: flags.output,
              seed: flags.seed,
              memoryBytes: flags.memory * 1e6,
              prefix: flags.prefix,
              chunkBytes: flags['chunk-bytes'],
              onBadRecord: flags['on-bad-record'],
              force: flags.force,
              signal: this.stopSignal,
              progress: ({ bytes }) => progress.report({ done: bytes, unit: 'bytes' }),
            });
          },
        },
      ],
      {},
    );
    const { manifest, passedOver } = report!;
    this.log(`${flags.output}: ${manifest.documents} documents in ${manifest.files.length} files`);
    if (passedOver.bad > 0) this.log(`skipped ${passedOver.bad} records that cannot be read`);
    if (passedOver.empty > 0) this.log(`left out ${passedOver.empty} empty documents`);
    return report!;
  }
}
