import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Args, Flags } from '@oclif/core';
import {
  REQUEST_DEFAULTS,
  type TokenizerTrainingReport,
  type TrainingPhase,
} from '../../data/tokenizer-training/options.js';
import { UsageError } from '../../support/errors.js';
import {
  PATTERNS,
  patternOf,
  specialTokensFault,
  TOKENIZER_KINDS,
  TRAINING_DEFAULTS,
} from '../../tokenizers/training/options.js';
import { BaseCommand } from '../base.js';
import { badRecordFlag } from '../shell/bad-record-flag.js';
import type { Progress } from '../shell/progress.js';
import { describeTokenizerTraining } from '../shell/tokenizer-lines.js';

export default class TokenizerTrain extends BaseCommand {
  static override summary = 'Train a byte-level BPE or SuperBPE tokenizer on datasets.';
  static override description =
    `Writes a tokenizer.json that Hugging Face's tokenizers loads, with the same merges as its own trainer. The result is decided by the documents and the options, whatever the number of workers and the memory; pre-tokens that do not fit in --memory are counted by way of the disk.

DATA are datasets as training reads them; \`pc data import DIR\` makes one of source code. A hundredth of the documents, at most --held-out-bytes, is left out of training to measure bytes per token on.

superbpe learns the first part of its tokens within words, up to --transition, and the rest across words, up to the ends of lines.`;
  static override examples = [
    '<%= config.bin %> tokenizer train data/train -o tokenizers/code',
    '<%= config.bin %> tokenizer train data/train data/docs --vocab-size 32768 --special-token "<|endoftext|>" --special-token "<|pad|>" -o code-32k.json',
    '<%= config.bin %> tokenizer train data/train --kind superbpe --transition 0.8 --sample-bytes 200000000 -o tokenizers/super',
  ];
  static override strict = false;
  static override args = {
    data: Args.string({ description: 'folders of datasets, or files', required: true, name: 'DATA' }),
  };
  static override flags = {
    output: Flags.string({
      char: 'o',
      summary: 'File (.json or .json.gz) to write, or the folder of a tokenizer.json.',
      helpValue: 'PATH',
      required: true,
    }),
    kind: Flags.option({
      summary: 'Kind of tokenizer.',
      options: TOKENIZER_KINDS,
      default: TRAINING_DEFAULTS.kind as (typeof TOKENIZER_KINDS)[number],
    })(),
    'vocab-size': Flags.integer({
      summary: 'Tokens, the 256 bytes and special tokens included.',
      helpValue: 'N',
      min: 256,
      default: TRAINING_DEFAULTS.vocabularySize,
    }),
    transition: Flags.string({
      summary: `superbpe: share of the vocabulary that is learned within words [default: ${TRAINING_DEFAULTS.transition}].`,
      helpValue: 'SHARE',
    }),
    'min-frequency': Flags.integer({
      summary: 'Occurrences that a pair must have to be merged.',
      helpValue: 'N',
      min: 0,
      default: TRAINING_DEFAULTS.minFrequency,
    }),
    'special-token': Flags.string({
      summary: `Token that is never part of text; may be repeated [default: ${TRAINING_DEFAULTS.specialTokens.join(' ')}].`,
      helpValue: 'TOKEN',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'max-token-length': Flags.integer({
      summary: 'Merge only to tokens shorter than this, in bytes.',
      helpValue: 'N',
      min: 1,
    }),
    pattern: Flags.string({
      summary: `What cuts text into words: ${Object.keys(PATTERNS).join(', ')}, or a regular expression of Oniguruma.`,
      helpValue: 'NAME|REGEX',
      default: 'gpt4',
    }),
    'sample-bytes': Flags.integer({ summary: 'Train on about this much text, chosen by document.', min: 1 }),
    seed: Flags.integer({ summary: 'Seed of what is chosen by chance.', min: 0, default: REQUEST_DEFAULTS.seed }),
    'held-out-bytes': Flags.integer({
      summary: 'Most bytes of text to measure bytes per token on; 0: none.',
      min: 0,
      default: REQUEST_DEFAULTS.heldOutBytes,
    }),
    workers: Flags.integer({ summary: 'Threads that count; one for each core by default.', helpValue: 'N', min: 1 }),
    memory: Flags.integer({
      summary: 'Memory for counting, in MB.',
      min: 1,
      default: REQUEST_DEFAULTS.memoryBytes / 1e6,
    }),
    'on-bad-record': badRecordFlag,
    force: Flags.boolean({ summary: 'Replace a tokenizer that exists.' }),
  };

  async run(): Promise<TokenizerTrainingReport> {
    const { flags, argv } = await this.parse(TokenizerTrain);
    const { transition } = flags;
    if (transition !== undefined && flags.kind !== 'superbpe') {
      throw new UsageError('--transition belongs to --kind superbpe', {
        hint: 'Leave it out, or add --kind superbpe.',
      });
    }
    const specialTokens = flags['special-token'] ?? TRAINING_DEFAULTS.specialTokens;
    const fault = specialTokensFault(specialTokens);
    if (fault !== null) throw new UsageError(`--special-token: ${fault.what}`, { hint: fault.hint });
    const { trainTokenizerOnData } = await import('../../data/tokenizer-training/train-tokenizer.js');
    const signal = this.stopSignal;
    const { report } = await this.runTasks<{ report?: TokenizerTrainingReport }>(
      [
        {
          title: `Training a tokenizer on ${argv.join(', ')}`,
          task: async (context, task) => {
            const reporters = new Map<string, ReturnType<typeof this.progressOf>>();
            context.report = await trainTokenizerOnData({
              data: argv as string[],
              output: /\.json(?:\.gz)?$/.test(flags.output) ? flags.output : join(flags.output, 'tokenizer.json'),
              tokenizer: {
                kind: flags.kind,
                vocabularySize: flags['vocab-size'],
                minFrequency: flags['min-frequency'],
                specialTokens,
                maxTokenLength: flags['max-token-length'] ?? null,
                pattern: patternOf(flags.pattern),
                transition: transition === undefined ? TRAINING_DEFAULTS.transition : Number(transition),
              },
              onBadRecord: flags['on-bad-record'],
              sampleBytes: flags['sample-bytes'] ?? null,
              seed: flags.seed,
              heldOutBytes: flags['held-out-bytes'],
              workers: flags.workers ?? availableParallelism(),
              memoryBytes: flags.memory * 1e6,
              force: flags.force,
              signal,
              progress: (phase) => {
                const { name, ...progress } = progressOfPhase(phase);
                let reporter = reporters.get(name);
                if (reporter === undefined) {
                  reporter = this.progressOf(task);
                  reporters.set(name, reporter);
                  task.output = name;
                }
                reporter.report(progress);
              },
            });
          },
        },
      ],
      {},
    );
    for (const line of describeTokenizerTraining(report!)) this.log(line);
    return report!;
  }
}

/** Each phase has a clock of its own, so that its rate and time left are its own. */
function progressOfPhase(phase: TrainingPhase): Progress & { name: string } {
  if (phase.phase === 'count') {
    const { pass, bytes, totalBytes } = phase;
    return { name: `counting, pass ${pass}`, done: bytes, total: Math.max(bytes, totalBytes), unit: 'bytes' };
  }
  return { name: 'merging', done: phase.tokens, total: phase.vocabularySize, unit: 'tokens' };
}
