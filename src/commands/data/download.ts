import { Args, Flags } from '@oclif/core';
import { DOWNLOAD_DEFAULTS, type DownloadReport, type DownloadRequest } from '../../data/download/options.js';
import { UsageError } from '../../support/errors.js';
import { BaseCommand } from '../base.js';
import { downloadLines } from '../shell/download-lines.js';

/** Flags that only one kind of download has. */
const ONLY_STACK_EDU = ['samples', 'languages', 'seed', 'contents'] as const;
const ONLY_HUB = ['config-name', 'split', 'text-column', 'keep', 'max-samples', 'max-bytes'] as const;

export default class DataDownload extends BaseCommand {
  static override summary =
    'Download a dataset: stack-edu, or any dataset of the Hugging Face hub with a column of text.';
  static override description =
    'Writes chunks of JSONL and a manifest with the commit. Stopped or killed, the same command goes on where it was. A token is taken from HF_TOKEN or from the file of `hf auth login`, and sent to the hub alone.';
  static override examples = [
    '<%= config.bin %> data download stack-edu --samples 100000 --languages Python,Rust -o data/train',
    '<%= config.bin %> data download OWNER/NAME --text-column content --max-bytes 1000000000 -o data/train',
  ];
  static override args = {
    name: Args.string({ description: 'stack-edu, or OWNER/NAME on the hub', required: true, name: 'NAME' }),
  };
  static override flags = {
    output: Flags.string({ char: 'o', summary: 'Folder of the dataset.', helpValue: 'DIR', required: true }),
    samples: Flags.integer({
      summary: `stack-edu: documents to choose, shared among the languages by their sizes (${DOWNLOAD_DEFAULTS.samples}).`,
      min: 1,
    }),
    languages: Flags.string({ summary: 'stack-edu: take only these languages.', helpValue: 'Python,Rust,…' }),
    seed: Flags.integer({ summary: `stack-edu: seed of the choice (${DOWNLOAD_DEFAULTS.seed}).`, min: 0 }),
    contents: Flags.string({
      summary: `stack-edu: address of the bucket with the contents (${DOWNLOAD_DEFAULTS.contents}).`,
      helpValue: 'URL',
    }),
    'config-name': Flags.string({ summary: "Hub: configuration of the dataset; the default one if it isn't given." }),
    split: Flags.string({ summary: `Hub: split of the dataset (${DOWNLOAD_DEFAULTS.split}).` }),
    'text-column': Flags.string({ summary: 'Hub: column of the text; text, content or code if only one is there.' }),
    keep: Flags.string({ summary: 'Hub: columns to keep beside the text.', helpValue: 'path,license,…' }),
    'max-samples': Flags.integer({ summary: 'Hub: take so many documents, from the beginning.', min: 1 }),
    'max-bytes': Flags.integer({ summary: 'Hub: take so many bytes of text, from the beginning.', min: 1 }),
    revision: Flags.string({ summary: 'Branch, tag or commit of the dataset.' }),
    endpoint: Flags.string({
      summary: 'Address of the hub or of a mirror.',
      helpValue: 'URL',
      env: 'HF_ENDPOINT',
      default: DOWNLOAD_DEFAULTS.endpoint,
    }),
    concurrency: Flags.integer({
      summary: 'Requests under way at once.',
      min: 1,
      max: 256,
      default: DOWNLOAD_DEFAULTS.concurrency,
    }),
    'requests-per-second': Flags.integer({ summary: 'Requests to begin in a second, at most.', min: 1 }),
    attempts: Flags.integer({
      summary: 'Attempts for each request, with growing pauses.',
      min: 1,
      default: DOWNLOAD_DEFAULTS.attempts,
    }),
    timeout: Flags.integer({
      summary: 'Seconds of silence after which an attempt is given up.',
      min: 1,
      default: DOWNLOAD_DEFAULTS.stallTimeout / 1000,
    }),
    prefix: Flags.string({ summary: "Beginning of the chunks' names.", default: DOWNLOAD_DEFAULTS.prefix }),
    'chunk-bytes': Flags.integer({
      summary: 'Largest size of a chunk.',
      min: 1,
      default: DOWNLOAD_DEFAULTS.chunkBytes,
    }),
    'on-bad-record': Flags.option({
      summary: 'What to do with a record that cannot be used.',
      options: ['fail', 'skip'] as const,
      default: 'fail' as const,
    })(),
    force: Flags.boolean({ summary: 'Replace a dataset that exists.' }),
    restart: Flags.boolean({ summary: 'Begin again instead of going on with an unfinished download.' }),
  };

  async run(): Promise<DownloadReport> {
    const { args, flags } = await this.parse(DataDownload);
    const isStackEdu = args.name === 'stack-edu';
    for (const name of isStackEdu ? ONLY_HUB : ONLY_STACK_EDU) {
      if (flags[name] === undefined) continue;
      throw new UsageError(`--${name} says nothing about ${args.name}`, {
        hint: isStackEdu ? 'It is for datasets of the hub.' : 'It is for stack-edu.',
      });
    }
    const request: DownloadRequest = isStackEdu
      ? {
          kind: 'stack-edu',
          samples: flags.samples ?? DOWNLOAD_DEFAULTS.samples,
          languages: names(flags.languages),
          seed: flags.seed ?? DOWNLOAD_DEFAULTS.seed,
          revision: flags.revision ?? DOWNLOAD_DEFAULTS.revision,
          contents: flags.contents ?? DOWNLOAD_DEFAULTS.contents,
        }
      : {
          kind: 'hub',
          name: args.name,
          config: flags['config-name'] ?? null,
          split: flags.split ?? DOWNLOAD_DEFAULTS.split,
          revision: flags.revision ?? null,
          textColumn: flags['text-column'] ?? null,
          keep: names(flags.keep) ?? [],
          maxSamples: flags['max-samples'] ?? null,
          maxBytes: flags['max-bytes'] ?? null,
        };
    const { downloadDataset } = await import('../../data/download/download.js');
    const { report } = await this.runTasks<{ report?: DownloadReport }>(
      [
        {
          title: `Downloading ${args.name} into ${flags.output}`,
          task: async (context, task) => {
            const progress = this.progressOf(task);
            context.report = await downloadDataset(
              {
                request,
                output: flags.output,
                endpoint: flags.endpoint,
                concurrency: flags.concurrency,
                requestsPerSecond: flags['requests-per-second'] ?? null,
                attempts: flags.attempts,
                stallTimeout: flags.timeout * 1000,
                prefix: flags.prefix,
                chunkBytes: flags['chunk-bytes'],
                onBadRecord: flags['on-bad-record'],
                force: flags.force,
                restart: flags.restart,
                signal: this.stopSignal,
                progress: (done) => progress.report(done),
              },
              { environment: process.env },
            );
          },
        },
      ],
      {},
    );
    for (const line of downloadLines(report!, flags.output)) this.log(line);
    return report!;
  }
}

function names(list: string | undefined): string[] | null {
  return list === undefined ? null : list.split(',').map((name) => name.trim());
}
