import { availableParallelism } from 'node:os';
import { Args, Flags } from '@oclif/core';
import {
  ENTROPY_TABLE_DEFAULTS,
  type EntropyTablePhase,
  type EntropyTableReport,
  type EntropyTableRequest,
} from '../../data/segmentation-building/options.js';
import { ENTROPY_TABLE_EXTENSION, LONGEST_CONTEXT, MOST_CONTEXTS } from '../../neural-coding/entropy-table.js';
import { BOUNDARY_CRITERIA, type BoundaryCriterion } from '../../neural-coding/segmentation-rule.js';
import { UsageError } from '../../support/errors.js';
import { BaseCommand } from '../base.js';
import { badRecordFlag } from '../shell/bad-record-flag.js';
import { checkpointAt } from '../shell/checkpoint-argument.js';
import { describeEntropyTable } from '../shell/segmentation-lines.js';

const DEFAULTS = ENTROPY_TABLE_DEFAULTS;
const CRITERIA_SUMMARY = 'level: the entropy is high; jump: it has risen; or, and: either, both.';

export default class CodebookSegmentation extends BaseCommand {
  static override summary = 'Make a table of entropies, by which documents are cut into segments.';
  static override description =
    `Counts what follows the contexts of DATA, keeps those that change the entropy of the next byte most, and writes their entropies as integers, with the quantiles that thresholds are taken from. Segmentation by the table needs no model and is the same on every machine.

The table serves all criteria, quantiles and longest segments; those given here decide what the summary shows. --m1 asks a byte model that \`pc train\` trained for the exact entropies of held-out text, shows how many boundaries the two have in common, and with --m1-quantiles keeps what segmentation by that model needs.`;
  static override examples = [
    '<%= config.bin %> codebook segmentation data/train -o codebooks/code.entropies',
    '<%= config.bin %> codebook segmentation data/train --m1 runs/m1-segment-s --m1-quantiles runs/m1-segment-s/quantiles.json -o code.entropies',
  ];
  static override strict = false;
  static override args = {
    data: Args.string({ description: 'folders of datasets, or files', required: true, name: 'DATA' }),
  };
  static override flags = {
    output: Flags.string({
      char: 'o',
      summary: `File to write (${ENTROPY_TABLE_EXTENSION}).`,
      helpValue: 'FILE',
      required: true,
    }),
    contexts: Flags.integer({
      summary: 'Contexts to keep.',
      helpValue: 'N',
      min: 1,
      max: MOST_CONTEXTS,
      default: DEFAULTS.contexts,
    }),
    'longest-context': Flags.integer({
      summary: 'Bytes of the longest context.',
      helpValue: 'N',
      min: 1,
      max: LONGEST_CONTEXT,
      default: DEFAULTS.longestContext,
    }),
    'min-occurrences': Flags.integer({
      summary: 'Times that a context must occur.',
      helpValue: 'N',
      min: 1,
      default: DEFAULTS.leastOccurrences,
    }),
    'sample-bytes': Flags.integer({
      summary: 'Most bytes of text to count, chosen by content; ten times as much memory is needed.',
      helpValue: 'N',
      min: 1,
      default: DEFAULTS.sampleBytes,
    }),
    'held-out-bytes': Flags.integer({
      summary: 'Most bytes of text to leave out of counting and take quantiles of.',
      helpValue: 'N',
      min: 0,
      default: DEFAULTS.heldOutBytes,
    }),
    criterion: Flags.option({
      summary: `Where segments begin. ${CRITERIA_SUMMARY}`,
      options: BOUNDARY_CRITERIA,
      default: DEFAULTS.segmentation.criterion as BoundaryCriterion,
    })(),
    'level-quantile': Flags.string({
      summary: `Share of bytes whose entropy is not high [default: ${DEFAULTS.segmentation.levelQuantile}].`,
      helpValue: 'SHARE',
    }),
    'jump-quantile': Flags.string({
      summary: `Share of bytes where it has not risen [default: ${DEFAULTS.segmentation.jumpQuantile}].`,
      helpValue: 'SHARE',
    }),
    'longest-segment': Flags.integer({
      summary: 'Bytes of the longest segment.',
      helpValue: 'N',
      min: 1,
      default: DEFAULTS.segmentation.longest,
    }),
    m1: Flags.string({ summary: 'Checkpoint of a byte model to compare with.', helpValue: 'CHECKPOINT' }),
    'm1-bytes': Flags.integer({
      summary: `Most bytes of held-out text to ask it about [default: ${DEFAULTS.comparisonBytes}].`,
      helpValue: 'N',
      min: 2,
    }),
    'm1-quantiles': Flags.string({
      summary: 'File to write the quantiles of its entropies to (.json).',
      helpValue: 'FILE',
    }),
    threads: Flags.integer({ summary: 'Threads of the model; one for each core by default.', helpValue: 'N', min: 1 }),
    seed: Flags.integer({
      summary: 'Seed of what is chosen by chance.',
      helpValue: 'N',
      min: 0,
      default: DEFAULTS.seed,
    }),
    workers: Flags.integer({ summary: 'Threads that read; one for each core by default.', helpValue: 'N', min: 1 }),
    'on-bad-record': badRecordFlag,
    force: Flags.boolean({ summary: 'Replace files that exist.' }),
  };

  async run(): Promise<EntropyTableReport> {
    const { flags, argv } = await this.parse(CodebookSegmentation);
    const { m1, threads } = flags;
    const ofModel = (['m1-bytes', 'm1-quantiles', 'threads'] as const).find((name) => flags[name] !== undefined);
    if (m1 === undefined && ofModel !== undefined) {
      throw new UsageError(`--${ofModel} belongs to --m1`, { hint: 'Leave it out, or add --m1 CHECKPOINT.' });
    }
    const { segmentation } = DEFAULTS;
    const request: Omit<EntropyTableRequest, 'comparison' | 'progress'> = {
      data: argv as string[],
      output: flags.output,
      contexts: flags.contexts,
      longestContext: flags['longest-context'],
      leastOccurrences: flags['min-occurrences'],
      sampleBytes: flags['sample-bytes'],
      heldOutBytes: flags['held-out-bytes'],
      seed: flags.seed,
      onBadRecord: flags['on-bad-record'],
      workers: flags.workers ?? availableParallelism(),
      force: flags.force,
      segmentation: {
        criterion: flags.criterion,
        levelQuantile: Number(flags['level-quantile'] ?? segmentation.levelQuantile),
        jumpQuantile: Number(flags['jump-quantile'] ?? segmentation.jumpQuantile),
        longest: flags['longest-segment'],
      },
      signal: this.stopSignal,
    };
    const { buildEntropyTable } = await import('../../data/segmentation-building/build-entropy-table.js');
    const { report } = await this.runTasks<{ report?: EntropyTableReport }>(
      [
        {
          title: `Making ${flags.output}`,
          task: async (context, task) => {
            let pass = { name: '', reporter: this.progressOf(task) };
            const progress = ({ phase, bytes, totalBytes }: EntropyTablePhase): void => {
              if (phase !== pass.name) {
                pass = { name: phase, reporter: this.progressOf(task) };
                task.output = NAMES[phase];
              }
              pass.reporter.report({ done: bytes, total: totalBytes, unit: 'bytes' });
            };
            if (m1 === undefined) {
              context.report = await buildEntropyTable({ ...request, comparison: null, progress });
              return;
            }
            const { openByteModel } = await import('../../plugins/byte-model/index.js');
            const model = await openByteModel(await checkpointAt(m1), threads === undefined ? {} : { threads });
            try {
              const comparison = {
                model,
                bytes: flags['m1-bytes'] ?? DEFAULTS.comparisonBytes,
                quantilesOutput: flags['m1-quantiles'] ?? null,
              };
              context.report = await buildEntropyTable({ ...request, comparison, progress });
            } finally {
              await model.dispose();
            }
          },
        },
      ],
      {},
    );
    for (const line of describeEntropyTable(report!)) this.log(line);
    return report!;
  }
}

/** Each has a clock of its own. */
const NAMES: Record<EntropyTablePhase['phase'], string> = {
  read: 'reading',
  count: 'counting',
  compare: 'asking the model',
};
