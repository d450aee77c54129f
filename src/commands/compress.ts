import { basename } from 'node:path';
import { Args, Flags } from '@oclif/core';
import type { BlockCodec } from '../data/compressed-file/block-codec.js';
import type { CompressionTotals } from '../data/compressed-file/compress.js';
import type { FileHeader } from '../data/compressed-file/format.js';
import type { StreamCosts, StreamWork } from '../neural-coding/stream-coder.js';
import { UsageError } from '../support/errors.js';
import { BaseCommand } from './base.js';
import {
  byteSource,
  COMPRESSED_EXTENSION,
  requireWritable,
  STANDARD_STREAM,
  writeAll,
} from './shell/compressed-streams.js';
import { type CompressedFileReport, describeCompression, fileReport } from './shell/compression-lines.js';
import { configFlags, configRequest } from './shell/config-flags.js';
import { DEFAULT_STREAM_MODEL } from './shell/stream-model.js';
import { refuseUnread } from './shell/unread-settings.js';

/** Compressors that are taken where none is named: the first that there is. */
const DEFAULT_COMPRESSORS = ['neural', 'gzip'];

interface CompressReport {
  coder: FileHeader['coder'];
  compressor: string;
  fingerprint: string;
  files: CompressedFileReport[];
  /** Bits that streams cost under the model and in integers; null for symbols. */
  bits: StreamCosts | null;
}

/** How files are coded, and what their headers say of it. */
interface Coding {
  codec: BlockCodec;
  header: Omit<FileHeader, 'fingerprint' | 'name'>;
  costs: StreamCosts | null;
  dispose?: (() => Promise<void>) | undefined;
}

const flags = {
  ...configFlags,
  output: Flags.string({
    char: 'o',
    summary: `Compressed file; by default FILE${COMPRESSED_EXTENSION}. ${STANDARD_STREAM} is standard output.`,
    helpValue: 'FILE',
  }),
  compressor: Flags.string({
    summary: `Compressor plugin; by default ${DEFAULT_COMPRESSORS.join(', or else ')}.`,
    helpValue: 'NAME',
  }),
  coder: Flags.option({
    summary: 'What is written: the symbols of a compressor, or a stream coded arithmetically under a byte model.',
    options: ['symbols', 'stream'] as const,
    default: 'symbols',
  })(),
  model: Flags.string({
    summary: `Checkpoint of the byte model of --coder stream; by default the shipped ${DEFAULT_STREAM_MODEL}.`,
    helpValue: 'DIR',
  }),
  force: Flags.boolean({ summary: 'Replace compressed files that exist.' }),
};

export default class Compress extends BaseCommand {
  static override summary = 'Compress files with any compressor, so that `pc decompress` gives back their bytes.';
  static override description =
    `Symbols are written in as many bits as their alphabet needs, blocks that become no shorter as they are. Symbols that are made to be learnt are no match for gzip in size. --coder stream writes what the model makes of the text to the last bit, and takes minutes a megabyte.

A file that exists is replaced only with --force. Interrupted, nothing is left.`;
  static override examples = [
    '<%= config.bin %> compress corpus.jsonl',
    '<%= config.bin %> compress src/*.py --compressor gzip',
    '<%= config.bin %> compress main.py --coder stream --model runs/m1/checkpoints/0000010000',
    'git show HEAD | <%= config.bin %> compress - > change.pcz',
  ];
  static override strict = false;
  static override args = {
    file: Args.string({ description: 'file to compress; - is standard input', required: true, ignoreStdin: true }),
  };
  static override flags = flags;

  async run(): Promise<CompressReport> {
    const { argv, flags } = await this.parse(Compress);
    const inputs = argv.map(String);
    const jobs = inputs.map((input) => ({ input, output: outputOf(input, inputs.length, flags.output) }));
    refuseOtherCoder(flags);
    const json = this.jsonEnabled();
    for (const { input, output } of jobs) await requireWritable(output, input, { force: flags.force === true, json });
    const work: StreamWork = { signal: this.stopSignal };
    const coding = await this.coding(flags, work);
    try {
      const files: CompressedFileReport[] = [];
      for (const { input, output } of jobs) files.push(await this.compressOne(input, output, coding, work));
      const { codec, header, costs } = coding;
      if (!jobs.some(({ output }) => output === STANDARD_STREAM))
        for (const line of describeCompression(files, header.compressor, costs)) this.log(line);
      return { coder: header.coder, compressor: header.compressor, fingerprint: codec.fingerprint, files, bits: costs };
    } finally {
      await coding.dispose?.();
    }
  }

  private async coding(
    { compressor: named, coder, model, config, preset, set }: Coded,
    work: StreamWork,
  ): Promise<Coding> {
    if (coder === 'stream') {
      refuseUnread(set ?? [], []);
      const { streamCodec } = await import('../data/compressed-file/stream-codec.js');
      const { StreamCoder } = await import('../neural-coding/stream-coder.js');
      const { streamModel } = await import('./shell/stream-model.js');
      const compressor = model ?? DEFAULT_STREAM_MODEL;
      const streams = new StreamCoder(await streamModel(compressor));
      return { codec: streamCodec(streams, work), header: { coder, compressor, options: {} }, costs: streams.costs };
    }
    const { loadDataConfig } = await import('../config/index.js');
    const { symbolCodec } = await import('../data/compressed-file/block-codec.js');
    const { LARGEST_BLOCK } = await import('../data/compressed-file/format.js');
    const registry = await this.loadPlugins();
    const name = named ?? DEFAULT_COMPRESSORS.find((candidate) => registry.compressors.has(candidate))!;
    refuseUnread(set ?? [], [`compressors.${name}`]);
    const { compressors } = await loadDataConfig(configRequest({ config, preset, set }));
    const options = compressors[name] ?? {};
    const compressor = await registry.createCompressor(name, options);
    return {
      codec: symbolCodec(name, compressor, LARGEST_BLOCK),
      header: { coder, compressor: name, options },
      costs: null,
      dispose: () => compressor.dispose?.() ?? Promise.resolve(),
    };
  }

  private async compressOne(
    input: string,
    output: string,
    { codec, header }: Coding,
    work: StreamWork,
  ): Promise<CompressedFileReport> {
    const { compressed } = await import('../data/compressed-file/compress.js');
    const signal = this.stopSignal;
    const source = await byteSource(input, signal);
    const started = performance.now();
    const run = async (progress: (bytes: number) => void): Promise<CompressionTotals> => {
      let done = 0;
      work.advanced = (bytes) => progress(done + bytes);
      const request = {
        chunks: source.chunks,
        codec,
        header: { ...header, name: input === STANDARD_STREAM ? null : basename(input) },
        signal,
        progress: ({ textBytes }: Readonly<CompressionTotals>) => {
          done = textBytes;
          progress(done);
        },
      };
      return writeAll(compressed(request), output, signal);
    };
    // What is written to standard output is all that stands there.
    const totals =
      output === STANDARD_STREAM
        ? await run(() => {})
        : await this.runOnBytes(`Compressing ${source.name}`, source.size, run);
    return fileReport(input, output, totals, (performance.now() - started) / 1000);
  }
}

/** The flags that say how files are coded. */
interface Coded {
  compressor?: string | undefined;
  coder: FileHeader['coder'];
  model?: string | undefined;
  config?: string | undefined;
  preset?: string[] | undefined;
  set?: string[] | undefined;
}

/** @throws UsageError if a flag is given that the chosen coder does not read */
function refuseOtherCoder({ coder, compressor, model }: Coded): void {
  if (coder === 'stream' && compressor !== undefined)
    throw new UsageError('--coder stream has no compressor: a byte model alone codes the text', {
      hint: 'Leave out --compressor, or leave out --coder; --model DIR names the byte model.',
    });
  if (coder === 'symbols' && model !== undefined)
    throw new UsageError('--model is read only with --coder stream', {
      hint: "Add --coder stream, or set a compressor's model by --set compressors.NAME.OPTION=VALUE.",
    });
}

/** @throws UsageError if one output is named for several files */
function outputOf(input: string, count: number, output: string | undefined): string {
  if (output !== undefined && count > 1)
    throw new UsageError(`--output ${output} is one file, and ${count} are compressed`, {
      hint: `Leave it out: each becomes FILE${COMPRESSED_EXTENSION}.`,
    });
  return output ?? (input === STANDARD_STREAM ? STANDARD_STREAM : `${input}${COMPRESSED_EXTENSION}`);
}
