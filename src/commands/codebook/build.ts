import { availableParallelism } from 'node:os';
import { Args, Flags } from '@oclif/core';
import {
  BUILD_DEFAULTS,
  BUILD_SOURCES,
  type BuildPhase,
  type BuildSource,
  type CodebookBuildReport,
  type CodebookBuildRequest,
} from '../../data/codebook-building/options.js';
import { CODEBOOK_EXTENSION, resolveCodebook } from '../../neural-coding/artifacts.js';
import type { ByteModel } from '../../neural-coding/byte-model.js';
import { COMPILED_WINDOWS, WINDOW_CODERS, type WindowCoder } from '../../neural-coding/parameters.js';
import { UsageError } from '../../support/errors.js';
import { BaseCommand } from '../base.js';
import { badRecordFlag } from '../shell/bad-record-flag.js';
import { checkpointAt } from '../shell/checkpoint-argument.js';
import { describeCodebookBuild } from '../shell/codebook-lines.js';
import type { Progress } from '../shell/progress.js';

export default class CodebookBuild extends BaseCommand {
  static override summary = 'Make a codebook of equal-information windows.';
  static override description =
    `--from counts counts in DATA what follows where windows begin; --from m1 asks a byte model that \`pc train\` trained. Either way the codebook holds every string that can be a window, and encodes and decodes without any model.

Counting begins at random positions; each further round counts anew where the windows of the codebook before begin, and the codebook with the longest windows on held-out text is written. The result is decided by the documents and the options, whatever the number of workers. Text beyond what --memory holds is left out, in pieces that are chosen by their content.

DATA are datasets as training reads them; \`pc data import DIR\` makes one of source code. A hundredth of the documents, at most --held-out-bytes, is left out to measure bytes per window on, unless --validation names a dataset for that.`;
  static override examples = [
    '<%= config.bin %> codebook build data/train -o codebooks/code-16.codebook',
    '<%= config.bin %> codebook build data/train --window-bits 12 --coder lester --validation data/validation -o code-12.codebook',
    '<%= config.bin %> codebook build --from m1 --m1 runs/m1 --validation data/validation -o codebooks/m1.codebook',
  ];
  static override strict = false;
  static override args = {
    data: Args.string({ description: 'folders of datasets, or files; needed for counts', name: 'DATA' }),
  };
  static override flags = {
    output: Flags.string({
      char: 'o',
      summary: `File to write (${CODEBOOK_EXTENSION}).`,
      helpValue: 'FILE',
      required: true,
    }),
    from: Flags.option({
      summary: 'What gives the frequencies.',
      options: BUILD_SOURCES,
      default: BUILD_DEFAULTS.source as BuildSource,
    })(),
    m1: Flags.string({ summary: 'm1: the checkpoint, or a run: its newest one.', helpValue: 'CHECKPOINT' }),
    threads: Flags.integer({
      summary: 'm1: threads of the model; one for each core by default.',
      helpValue: 'N',
      min: 1,
    }),
    corpus: Flags.string({
      summary: 'm1: what the model was trained on, in words, for the record.',
      helpValue: 'TEXT',
    }),
    'window-bits': Flags.option({
      summary: 'Bits of a window.',
      options: COMPILED_WINDOWS.map(String),
      default: String(BUILD_DEFAULTS.windowBits),
    })(),
    coder: Flags.option({
      summary: 'strict: unique codes of whole cells; lester: codes that windows share; dense: most probable strings.',
      options: WINDOW_CODERS,
      default: BUILD_DEFAULTS.coder as WindowCoder,
    })(),
    rounds: Flags.integer({
      summary: `counts: most codebooks to make, one at the windows of the other [default: ${BUILD_DEFAULTS.rounds}].`,
      helpValue: 'N',
      min: 1,
    }),
    starts: Flags.string({
      summary: 'counts: where the first round counts: random, or the windows of a codebook [default: random].',
      helpValue: 'random|NAME|FILE',
    }),
    validation: Flags.string({ summary: 'Dataset to measure bytes per window on.', helpValue: 'PATH' }),
    'held-out-bytes': Flags.integer({
      summary: 'Most bytes of DATA to measure on instead; 0: none.',
      helpValue: 'N',
      min: 0,
      default: BUILD_DEFAULTS.heldOutBytes,
    }),
    seed: Flags.integer({
      summary: 'Seed of what is chosen by chance.',
      helpValue: 'N',
      min: 0,
      default: BUILD_DEFAULTS.seed,
    }),
    workers: Flags.integer({ summary: 'Threads that read; one for each core by default.', helpValue: 'N', min: 1 }),
    memory: Flags.integer({
      summary: 'Memory for text and counting, in MB.',
      helpValue: 'MB',
      min: 1,
      default: BUILD_DEFAULTS.memoryBytes / 1e6,
    }),
    'on-bad-record': badRecordFlag,
    frequencies: Flags.string({
      summary: 'Also write the frequencies, with which `pc codebook verify` compiles the codebook again.',
      helpValue: 'FILE',
    }),
    force: Flags.boolean({ summary: 'Replace a codebook that exists.' }),
  };

  async run(): Promise<CodebookBuildReport> {
    const { flags, argv } = await this.parse(CodebookBuild);
    const data = argv as string[];
    refuseForeign(flags.from, flags, data);
    const { buildCodebook } = await import('../../data/codebook-building/build-codebook.js');
    const signal = this.stopSignal;
    const { report } = await this.runTasks<{ report?: CodebookBuildReport }>(
      [
        {
          title: `Building ${flags.output}`,
          task: async (context, task) => {
            let pass = { name: '', reporter: this.progressOf(task) };
            const common = {
              data,
              output: flags.output,
              frequencies: flags.frequencies ?? null,
              windowBits: Number(flags['window-bits']),
              coder: flags.coder,
              onBadRecord: flags['on-bad-record'],
              validation: flags.validation ?? null,
              seed: flags.seed,
              heldOutBytes: flags['held-out-bytes'],
              memoryBytes: flags.memory * 1e6,
              workers: flags.workers ?? availableParallelism(),
              force: flags.force,
              signal,
              progress: (phase: BuildPhase): void => {
                const { name, ...progress } = progressOfPhase(phase);
                if (name !== pass.name) {
                  pass = { name, reporter: this.progressOf(task) };
                  task.output = name;
                }
                pass.reporter.report(progress);
              },
            } satisfies Partial<CodebookBuildRequest>;
            if (flags.from === 'counts') {
              const { rounds = BUILD_DEFAULTS.rounds, starts = 'random' } = flags;
              const from = starts === 'random' ? starts : { codebook: resolveCodebook(starts) };
              context.report = await buildCodebook({ ...common, source: 'counts', rounds, starts: from });
              return;
            }
            const model = await openModel(flags.m1!, flags.threads);
            try {
              const corpus = flags.corpus ?? 'not recorded';
              context.report = await buildCodebook({ ...common, source: 'm1', model, corpus });
            } finally {
              await model.dispose();
            }
          },
        },
      ],
      {},
    );
    for (const line of describeCodebookBuild(report!)) this.log(line);
    return report!;
  }
}

async function openModel(path: string, threads: number | undefined): Promise<ByteModel> {
  const { openByteModel } = await import('../../plugins/byte-model/index.js');
  return openByteModel(await checkpointAt(path), { ...(threads !== undefined && { threads }) });
}

interface SourceFlags {
  m1?: string | undefined;
  threads?: number | undefined;
  corpus?: string | undefined;
  rounds?: number | undefined;
  starts?: string | undefined;
}

/** @throws UsageError for flags of the other source, and where this one lacks something */
function refuseForeign(source: BuildSource, flags: SourceFlags, data: readonly string[]): void {
  const ofOther = source === 'counts' ? (['m1', 'threads', 'corpus'] as const) : (['rounds', 'starts'] as const);
  const foreign = ofOther.find((name) => flags[name] !== undefined);
  const other = source === 'counts' ? 'm1' : 'counts';
  if (foreign !== undefined) {
    throw new UsageError(`--${foreign} belongs to --from ${other}`, {
      hint: `Leave it out, or add --from ${other}.`,
    });
  }
  if (source === 'counts' && data.length === 0) {
    throw new UsageError('there is no data to count in', {
      hint: 'Name a dataset; `pc data import DIR` makes one of source code.',
    });
  }
  if (source === 'm1' && flags.m1 === undefined) {
    throw new UsageError('--from m1 needs the model', { hint: 'Add --m1 CHECKPOINT; `pc train` makes one.' });
  }
}

/** Each phase of each round has a clock of its own. */
function progressOfPhase(phase: BuildPhase): Progress & { name: string } {
  switch (phase.phase) {
    case 'read':
      return { name: 'reading', done: phase.bytes, total: phase.totalBytes, unit: 'bytes' };
    case 'count':
      return { name: `round ${phase.round}: counting`, done: phase.depth, unit: 'bytes of a string' };
    case 'compile':
      return { name: `round ${phase.round}: compiling`, done: phase.asked, total: phase.found, unit: 'strings' };
    case 'measure':
      return { name: `round ${phase.round}: measuring`, done: 0, unit: 'bytes' };
  }
}
