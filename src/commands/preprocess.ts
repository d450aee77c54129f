import { availableParallelism } from 'node:os';
import { Flags } from '@oclif/core';
import type { Config } from '../config/index.js';
import { PREPROCESS_DEFAULTS, type PreprocessReport, SHARD_FORMATS } from '../data/preprocess/options.js';
import type { CompressorDescriptor } from '../plugins/compressor-instance.js';
import { InterruptedError, UsageError } from '../support/errors.js';
import { BaseCommand } from './base.js';
import { configFlags, loadCommandConfig } from './shell/config-flags.js';
import { describePreprocessing } from './shell/preprocess-lines.js';

/** What the command reads of the configuration; setting anything else would have no effect. */
const SETTABLE = ['compressors', 'data.root', 'data.sources', 'data.validation', 'data.onBadRecord'];

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

interface ParsedFlags {
  config?: string | undefined;
  preset?: string[] | undefined;
  set?: string[] | undefined;
  'on-bad-record'?: string | undefined;
}

export default class Preprocess extends BaseCommand {
  static override summary = 'Compress data once, so that training reads the codes instead of compressing again.';
  static override description =
    `Writes the records again with a field for each compressor added. Training finds the result, and checks that the codes are those of its own compressor.

An interrupted or killed run is continued by the same command: shards that are finished are kept. With --shard-index and --shard-count several processes share the work, and the last one writes the manifest.`;
  static override examples = [
    '<%= config.bin %> preprocess --compressor gzip',
    '<%= config.bin %> preprocess --compressor gzip,halfbyte --data downloads/code -o data/code --format parquet --verify',
    '<%= config.bin %> preprocess --compressor gzip --set compressors.gzip.level=6',
    '<%= config.bin %> preprocess --compressor gzip --shard-index 3 --shard-count 16',
  ];
  static override flags = { ...configFlags, ...preprocessFlags };

  async run(): Promise<PreprocessReport> {
    const { flags } = await this.parse(Preprocess);
    refuseUnread(flags.set ?? []);
    const { preprocessTargets } = await import('../data/preprocess/targets.js');
    const { preprocess } = await import('../data/preprocess/preprocess.js');
    const names = namesOf(flags.compressor);
    const configs = await this.configsOf(names, flags);
    const { data } = configs[0]!.config;
    const targets = await preprocessTargets(flags.data ?? null, flags.output ?? null, data);
    const registry = await this.loadPlugins();
    const compressors = configs.map(
      ({ name, config }): CompressorDescriptor => registry.compressorDescriptor(name, config.compressors[name]),
    );
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
              verify: flags.verify,
              onBadRecord: data.onBadRecord,
              force: flags.force,
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

  /** The configuration for each compressor in turn: options of compressors other than the chosen one are errors. */
  private async configsOf(names: string[] | null, flags: ParsedFlags): Promise<{ name: string; config: Config }[]> {
    const bad = flags['on-bad-record'];
    const more = bad === undefined ? [] : [{ flag: '--on-bad-record', path: ['data', 'onBadRecord'], value: bad }];
    const load = async (set: string[], compressor?: string) => {
      const { config, preset } = flags;
      const loaded = await loadCommandConfig({ config, preset, set, compressor }, more);
      return { name: loaded.config.data.compressor, config: loaded.config };
    };
    const set = flags.set ?? [];
    if (names === null) return [await load(set)];
    const configs: { name: string; config: Config }[] = [];
    for (const name of names) {
      const others = names.filter((other) => other !== name).map((other) => `compressors.${other}.`);
      configs.push(
        await load(
          set.filter((text) => !others.some((prefix) => text.startsWith(prefix))),
          name,
        ),
      );
    }
    return configs;
  }
}

function namesOf(list: string | undefined): string[] | null {
  if (list === undefined) return null;
  const names = list.split(',').map((name) => name.trim());
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (names.includes('') || twice !== undefined)
    throw new UsageError(
      twice === undefined ? `--compressor ${list} has an empty name` : `--compressor names ${twice} twice`,
      { hint: 'Write names separated by commas, such as --compressor gzip,halfbyte.' },
    );
  return names;
}

function refuseUnread(assignments: readonly string[]): void {
  for (const assignment of assignments) {
    const name = assignment.split('=', 1)[0]!.trim();
    if (SETTABLE.some((allowed) => name === allowed || name.startsWith(`${allowed}.`))) continue;
    throw new UsageError(`${name} would be ignored: preprocessing does not read it`, {
      field: name,
      hint: `What can be set here: ${SETTABLE.join(', ')}.`,
    });
  }
}

function stopped(error: unknown): InterruptedError {
  return new InterruptedError(`${error instanceof Error ? error.message : error}; finished shards are kept`, {
    hint: 'The same command goes on.',
    cause: error,
  });
}
