import { availableParallelism } from 'node:os';
import { Flags } from '@oclif/core';
import type { FlagSetting } from '../config/index.js';
import { PREPROCESS_DEFAULTS, type PreprocessReport, SHARD_FORMATS } from '../data/preprocess/options.js';
import { InterruptedError, UsageError } from '../support/errors.js';
import { BaseCommand } from './base.js';
import { compressorNames } from './shell/compressor-names.js';
import { configFlags, configRequest } from './shell/config-flags.js';
import { describePreprocessing } from './shell/preprocess-lines.js';
import { refuseUnread } from './shell/unread-settings.js';

/** What the command reads of the configuration, beside the options of its compressors. */
const READ = ['data.root', 'data.sources', 'data.validation', 'data.onBadRecord'];

const preprocessFlags = {
  compressor: Flags.string({ summary: 'Compressor plugins, by default that of the project.', helpValue: 'NAME,…' }),
  data: Flags.string({
    summary: "Folder or file of records; may be repeated. By default the project's sources and its held-out data.",
    helpValue: 'PATH',
    multiple: true,
    multipleNonGreedy: true,
  }),
  output: Flags.string({
    char: 'o',
    summary: 'Folder of the output; by default DIR/preprocessed/NAME for the input DIR/NAME.',
    helpValue: 'DIR',
  }),
  format: Flags.option({
    summary: 'Format of the shards.',
    options: SHARD_FORMATS,
    default: PREPROCESS_DEFAULTS.format,
  })(),
  'shard-bytes': Flags.integer({
    summary: 'Bytes of records after which a file is continued in another shard.',
    helpValue: 'N',
    min: 1,
    default: PREPROCESS_DEFAULTS.shardBytes,
  }),
  workers: Flags.integer({ summary: 'Threads that encode; one for each core by default.', helpValue: 'N', min: 1 }),
  'shard-index': Flags.integer({
    summary: 'Which of several processes this is, from 0.',
    helpValue: 'I',
    min: 0,
    dependsOn: ['shard-count'],
  }),
  'shard-count': Flags.integer({
    summary: 'Processes that share the work, on any machines that see the output.',
    helpValue: 'N',
    min: 1,
    dependsOn: ['shard-index'],
  }),
  verify: Flags.boolean({ summary: 'Decode what was written, and compare it with the text.' }),
  'on-bad-record': Flags.string({
    summary: 'What to do with a record that cannot be read or encoded.',
    options: ['fail', 'skip'],
  }),
  force: Flags.boolean({ summary: 'Begin anew where preprocessed data exists.' }),
};

export default class Preprocess extends BaseCommand {
  static override summary = 'Compress data once, so that training reads the codes instead of compressing again.';
  static override description =
    `Writes the records again with a field for each compressor added. Training finds the result, and checks that the codes are those of its own compressor.

An interrupted or killed run is continued by the same command: shards that are finished are kept. With --shard-index and --shard-count several processes share the work, and the last one writes the manifest.`;
  static override examples = [
    '<%= config.bin %> preprocess --compressor neural --verify',
    '<%= config.bin %> preprocess --compressor gzip',
    '<%= config.bin %> preprocess --compressor gzip,halfbyte --data downloads/code -o data/code --format parquet --verify',
    '<%= config.bin %> preprocess --compressor gzip --set compressors.gzip.level=6',
    '<%= config.bin %> preprocess --compressor gzip --shard-index 3 --shard-count 16',
  ];
  static override flags = { ...configFlags, ...preprocessFlags };

  async run(): Promise<PreprocessReport> {
    const { flags } = await this.parse(Preprocess);
    const { loadDataConfig } = await import('../config/index.js');
    const { preprocessTargets } = await import('../data/preprocess/targets.js');
    const { preprocess } = await import('../data/preprocess/preprocess.js');
    const { data, compressors: options } = await loadDataConfig(
      configRequest({ config: flags.config, preset: flags.preset, set: flags.set }, ownSettings(flags)),
    );
    const names = compressorNames(flags.compressor ?? data.compressor);
    refuseUnread(flags.set ?? [], [...READ, ...names.map((name) => `compressors.${name}`)]);
    const targets = await preprocessTargets(flags.data ?? null, flags.output ?? null, data);
    const registry = await this.loadPlugins();
    const compressors = names.map((name) => registry.compressorDescriptor(name, options[name]));
    const part = { index: flags['shard-index'] ?? 0, count: flags['shard-count'] ?? 1 };
    if (part.index >= part.count)
      throw new UsageError(`--shard-index ${part.index} is not below --shard-count ${part.count}`, {
        hint: 'Processes are numbered from 0.',
      });
    const signal = this.stopSignal;
    const { report } = await this.runTasks<{ report?: PreprocessReport }>(
      [
        {
          title: `Preprocessing ${targets.map(({ input }) => input).join(', ')}`,
          task: async (context, task) => {
            const progress = this.progressOf(task);
            context.report = await preprocess({
              targets,
              compressors,
              format: flags.format,
              workers: flags.workers ?? availableParallelism(),
              part,
              shardBytes: flags['shard-bytes'],
              verify: flags.verify === true,
              onBadRecord: data.onBadRecord,
              force: flags.force === true,
              signal,
              progress: (state) => progress.report({ ...state, unit: 'bytes' }),
              log: (message) => process.stderr.write(`${message}\n`),
            }).catch((error: unknown) => {
              throw signal.aborted && error === signal.reason ? stopped(error) : error;
            });
          },
        },
      ],
      {},
    );
    for (const line of describePreprocessing(report!)) this.log(line);
    return report!;
  }
}

/** The settings that this command's own flags stand for. */
function ownSettings(flags: { 'on-bad-record'?: string | undefined }): FlagSetting[] {
  const value = flags['on-bad-record'];
  return value === undefined ? [] : [{ flag: '--on-bad-record', path: ['data', 'onBadRecord'], value }];
}

function stopped(error: unknown): InterruptedError {
  return new InterruptedError(`${error instanceof Error ? error.message : error}; finished shards are kept`, {
    hint: 'The same command goes on.',
    cause: error,
  });
}
