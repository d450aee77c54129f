import { Args, Flags } from '@oclif/core';
import type { FlagSetting } from '../../config/index.js';
import type { BpbComparison, BpbResults } from '../../evaluation/index.js';
import { UsageError } from '../../support/errors.js';
import { BaseCommand } from '../base.js';
import { describeBpbComparison, describeBpbResults } from '../shell/bpb-lines.js';
import { chooseCheckpoint } from '../shell/checkpoint-argument.js';
import { configFlags, type ParsedConfigFlags, settingFlags } from '../shell/config-flags.js';

/** The settings that an evaluation reads; all others are the checkpoint's own. */
const SETTABLE = ['bpb', 'backend', 'data.validation', 'data.onBadRecord', 'data.precomputed'];

const bpbFlags = {
  'raw-only': Flags.boolean({ summary: 'Score raw bytes, whatever the training representation.', allowNo: true }),
  context: Flags.integer({ summary: 'Symbols of a window.', min: 1, exclusive: ['context-bytes'] }),
  'context-bytes': Flags.integer({ summary: 'Choose windows that span N bytes of text.', helpValue: 'N', min: 1 }),
  stride: Flags.integer({ summary: 'Symbols between windows.', min: 1 }),
  crops: Flags.boolean({
    summary: 'Begin every window anew after BOS, as windows are coded, and tell the cost by position.',
    exclusive: ['stride', 'context-bytes'],
    allowNo: true,
  }),
  'crops-at': Flags.string({
    summary: 'Begin crops where the windows of a codebook begin: a shipped one, or a file.',
    helpValue: 'CODEBOOK',
  }),
  'doc-mask': Flags.boolean({ summary: 'No attention across documents.', allowNo: true }),
  'batch-size': Flags.integer({ summary: 'Windows of one batch.', min: 1 }),
  bootstrap: Flags.integer({ summary: 'Resamples of documents for the intervals.', helpValue: 'N', min: 1 }),
  data: Flags.string({ summary: 'Folder or file of held-out documents.', helpValue: 'PATH' }),
  'on-bad-record': Flags.string({ summary: 'What to do with an unusable record.', options: ['fail', 'skip'] }),
  backend: Flags.string({ summary: 'Backend plugin.', helpValue: 'NAME' }),
  device: Flags.string({ summary: 'What computes: cpu, webgpu, auto, … (`pc backends`).', helpValue: 'DEVICE' }),
};

const SETTING_OF = {
  'raw-only': ['bpb', 'rawOnly'],
  context: ['bpb', 'context'],
  'context-bytes': ['bpb', 'contextBytes'],
  stride: ['bpb', 'stride'],
  crops: ['bpb', 'crops'],
  'crops-at': ['bpb', 'cropsAt'],
  'doc-mask': ['bpb', 'documentMask'],
  'batch-size': ['bpb', 'batchSize'],
  bootstrap: ['bpb', 'bootstrapSamples'],
  data: ['data', 'validation'],
  'on-bad-record': ['data', 'onBadRecord'],
  backend: ['backend', 'name'],
  device: ['backend', 'device'],
} as const satisfies Record<keyof typeof bpbFlags, readonly string[]>;

type BpbFlags = { [Flag in keyof typeof SETTING_OF]?: string | number | boolean | undefined };
type ParsedFlags = BpbFlags & ParsedConfigFlags & { force: boolean };

export default class EvalBpb extends BaseCommand {
  static override summary = 'Measure the bits per byte of a model on held-out text.';
  static override description =
    `Scores every held-out document, and reports bits per byte with a bootstrap interval, by source and by document.

Without CHECKPOINT the newest one of the project's run is evaluated, with the project's settings; a checkpoint or a run that is named has settings of its own. Flags and --set change either. --compare takes results of the same conditions that exist; --force measures again.`;
  static override examples = [
    '<%= config.bin %> eval bpb --raw-only',
    '<%= config.bin %> eval bpb runs/proxy --raw-only --context-bytes 4096 --stride 512',
    '<%= config.bin %> eval bpb runs/m1 --raw-only --crops --context 64',
    '<%= config.bin %> eval bpb runs/m1 --raw-only --crops --context 64 --crops-at code-16',
    '<%= config.bin %> eval bpb --compare runs/proxy runs/bytes --raw-only',
  ];
  static override args = {
    checkpoint: Args.string({ description: 'a checkpoint, or a run: its newest one', name: 'CHECKPOINT' }),
    other: Args.string({ description: 'with --compare: the one to compare with', name: 'OTHER' }),
  };
  static override flags = {
    ...configFlags,
    name: settingFlags.name,
    ...bpbFlags,
    compare: Flags.boolean({
      summary: 'Compare two checkpoints, runs or directories of results, document by document.',
    }),
    output: Flags.string({
      char: 'o',
      summary: 'Directory of the results; with --compare, JSON file of the comparison.',
      helpValue: 'PATH',
    }),
    force: Flags.boolean({ summary: 'Replace results that exist.' }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(EvalBpb);
    const { output, compare, ...rest } = flags;
    if (compare) return this.compare(args, rest, output);
    if (args.other !== undefined)
      throw new UsageError('two checkpoints are evaluated only to compare them', { hint: 'Add --compare.' });
    const { results, directory } = await this.evaluate(args.checkpoint, rest, output);
    for (const line of describeBpbResults(results, directory)) this.log(line);
    return { ...results, directory };
  }

  private async compare(
    { checkpoint: a, other: b }: { checkpoint?: string | undefined; other?: string | undefined },
    flags: ParsedFlags,
    output: string | undefined,
  ): Promise<BpbComparison> {
    if (a === undefined || b === undefined)
      throw new UsageError('--compare needs two checkpoints, runs or directories of results', {
        hint: 'For example: pc eval bpb --compare runs/a runs/b',
      });
    const { refuseToOverwrite } = await import('../../support/output-failures.js');
    if (output !== undefined) await refuseToOverwrite(output, flags.force);
    const { compareResults, holdsResults, resampling } = await import('../../evaluation/index.js');
    const measured = [await holdsResults(a), await holdsResults(b)];
    const ignored = Object.keys(SETTING_OF).filter((flag) => flag !== 'bootstrap' && flag in flags);
    if (measured.every(Boolean) && ignored.length > 0)
      throw new UsageError(`both are results already, so --${ignored[0]} would be ignored`, {
        hint: 'Leave it out, or name checkpoints to evaluate.',
      });
    const directories: string[] = [];
    for (const [index, path] of [a, b].entries())
      directories.push(measured[index] ? path : (await this.evaluate(path, flags, undefined, true)).directory);
    const comparison = await compareResults([directories[0]!, directories[1]!], {
      ...resampling(typeof flags.bootstrap === 'number' ? flags.bootstrap : undefined),
      signal: this.stopSignal,
    });
    if (output !== undefined) {
      const { writeFileAtomic } = await import('../../support/atomic-files.js');
      await writeFileAtomic(output, `${JSON.stringify(comparison, null, 2)}\n`);
    }
    for (const line of describeBpbComparison(comparison)) this.log(line);
    return comparison;
  }

  /** @param reuse take results of equal conditions that exist instead of refusing to replace them */
  private async evaluate(
    path: string | undefined,
    flags: ParsedFlags,
    output: string | undefined,
    reuse = false,
  ): Promise<{ results: BpbResults; directory: string }> {
    const { checkpoint, trained, config } = await chooseCheckpoint(path, flags, SETTABLE, bpbSettings(flags));
    const evaluation = await import('../../evaluation/index.js');
    const data = evaluation.requireHeldOut(config.data.validation);
    const ownData = trained.data.validation;
    const byDefault =
      output ?? evaluation.defaultResultsDirectory(checkpoint.path, checkpoint.step, config.bpb, { data, ownData });
    const { onBadRecord, precomputed } = config.data;
    const wanted = { checkpoint, data, onBadRecord, options: config.bpb, trained };
    const found = reuse && !flags.force ? await evaluation.findResults(byDefault, wanted) : null;
    if (found?.results) return { results: found.results, directory: found.directory };
    const directory = found?.directory ?? byDefault;
    await evaluation.requireFreeResultsDirectory(directory, flags.force);
    const registry = await this.loadPlugins();
    const signal = this.stopSignal;
    const { results } = await this.runTasks<{ results?: BpbResults }>(
      [
        {
          title: `Evaluating ${checkpoint.path}`,
          task: async (context, task) => {
            const opened = await evaluation.openCheckpointedModel({
              checkpoint,
              settings: trained,
              registry,
              backend: config.backend,
            });
            try {
              let pass = { unit: '', reporter: this.progressOf(task) };
              context.results = await evaluation.runBpbEvaluation({
                opened,
                settings: trained,
                options: config.bpb,
                data,
                onBadRecord,
                precomputed,
                output: directory,
                onNote: (message) => process.stderr.write(`Warning: ${message}\n`),
                force: flags.force,
                signal,
                onGoingOn: (windows) =>
                  process.stderr.write(`Going on with an evaluation that was interrupted after ${windows} windows.\n`),
                onProgress: (progress) => {
                  // Each pass has a rate of its own.
                  if (pass.unit !== progress.unit) pass = { unit: progress.unit, reporter: this.progressOf(task) };
                  pass.reporter.report(progress);
                },
              });
            } finally {
              await opened.dispose();
            }
          },
        },
      ],
      {},
    );
    return { results: results!, directory };
  }
}

/** The settings that this command's own flags stand for. */
function bpbSettings(flags: BpbFlags): FlagSetting[] {
  const given = (Object.keys(SETTING_OF) as (keyof typeof SETTING_OF)[]).filter((flag) => flags[flag] !== undefined);
  const settings: FlagSetting[] = given.map((flag) => ({
    flag: `--${flag}`,
    path: SETTING_OF[flag],
    value: flags[flag],
  }));
  // Both give the length of a window: the one that is typed replaces the other one of the configuration.
  if (given.includes('context')) settings.push({ flag: '--context', path: SETTING_OF['context-bytes'], value: null });
  if (given.includes('context-bytes'))
    settings.push({ flag: '--context-bytes', path: SETTING_OF.context, value: null });
  return settings;
}
