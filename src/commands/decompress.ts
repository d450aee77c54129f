import { Args, Flags } from '@oclif/core';
import type { BlockCodec } from '../data/compressed-file/block-codec.js';
import type { DecompressionTotals } from '../data/compressed-file/decompress.js';
import type { FileHeader } from '../data/compressed-file/format.js';
import { LARGEST_BLOCK } from '../data/compressed-file/format.js';
import type { StreamWork } from '../neural-coding/stream-coder.js';
import {
  CheckpointError,
  CodebookError,
  CompressorError,
  type PcError,
  TokenizerError,
  UsageError,
} from '../support/errors.js';
import { BaseCommand } from './base.js';
import {
  byteSource,
  COMPRESSED_EXTENSION,
  requireWritable,
  STANDARD_STREAM,
  writeAll,
} from './shell/compressed-streams.js';
import { type FileReport, fileReport } from './shell/compression-lines.js';
import { refuseUnread } from './shell/unread-settings.js';

interface DecompressReport extends FileReport {
  coder: FileHeader['coder'];
  compressor: string;
  fingerprint: string;
  /** Name of the file that was compressed; null: standard input. */
  name: string | null;
}

export default class Decompress extends BaseCommand {
  static override summary = 'Give back the bytes of a file that `pc compress` made.';
  static override description =
    `The file says which compressor made it, with which options. If that is another one here, nothing is written. All bytes are checked; a damaged file gets no name, and the error tells where the damage is.`;
  static override examples = [
    `<%= config.bin %> decompress corpus.jsonl${COMPRESSED_EXTENSION}`,
    `<%= config.bin %> decompress main.py${COMPRESSED_EXTENSION} -o - | head`,
    `<%= config.bin %> decompress notes.txt${COMPRESSED_EXTENSION} --set compressors.bpe.tokenizer=vocabularies/mine`,
  ];
  static override args = {
    file: Args.string({ description: 'compressed file; - is standard input', required: true, ignoreStdin: true }),
  };
  static override flags = {
    output: Flags.string({
      char: 'o',
      summary: `File to write; by default the name without ${COMPRESSED_EXTENSION}. ${STANDARD_STREAM} is standard output.`,
      helpValue: 'FILE',
    }),
    model: Flags.string({
      summary: 'Checkpoint of the byte model that a stream was coded with, where it is not where it was.',
      helpValue: 'DIR',
    }),
    set: Flags.string({
      summary: "Replace one of the compressor's options, such as the path of its tokenizer; may be repeated.",
      helpValue: 'compressors.NAME.OPTION=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    force: Flags.boolean({ summary: 'Replace a file that exists.' }),
  };

  async run(): Promise<DecompressReport> {
    const { args, flags } = await this.parse(Decompress);
    const { openCompressed } = await import('../data/compressed-file/decompress.js');
    const input = args.file;
    const output = flags.output ?? outputOf(input);
    await requireWritable(output, input, { force: flags.force === true, json: this.jsonEnabled() });
    const signal = this.stopSignal;
    const source = await byteSource(input, signal);
    const opened = await openCompressed(chunksOf(source.chunks), source.name);
    const { header } = opened;
    const work: StreamWork = { signal };
    const { codec, dispose } = await this.codec(header, flags, work);
    try {
      requireSameCodes(header, codec, source.name);
      const started = performance.now();
      const run = (progress: (bytes: number) => void): Promise<DecompressionTotals> => {
        let done = 0;
        work.advanced = (bytes) => progress(done + bytes);
        const text = opened.text(codec, signal, ({ textBytes }) => {
          done = textBytes;
          progress(done);
        });
        return writeAll(text, output, signal);
      };
      // What is written to standard output is all that stands there.
      const totals =
        output === STANDARD_STREAM
          ? await run(() => {})
          : await this.runOnBytes(`Decompressing ${source.name}`, null, run);
      const report = fileReport(input, output, totals, (performance.now() - started) / 1000);
      const { textBytes, megabytesPerSecond } = report;
      if (output !== STANDARD_STREAM)
        this.log(
          `${output}: ${textBytes.toLocaleString('en')} bytes, ${megabytesPerSecond.toPrecision(2)} MB/s, verified`,
        );
      const { coder, compressor, fingerprint, name } = header;
      return { ...report, coder, compressor, fingerprint, name };
    } finally {
      await dispose?.();
    }
  }

  private async codec(
    { coder, compressor: name, options }: FileHeader,
    { model, set = [] }: { model?: string | undefined; set?: string[] | undefined },
    work: StreamWork,
  ): Promise<{ codec: BlockCodec; dispose?: () => Promise<void> }> {
    if (coder === 'stream') {
      refuseUnread(set, []);
      const { streamCodec } = await import('../data/compressed-file/stream-codec.js');
      const { StreamCoder } = await import('../neural-coding/stream-coder.js');
      const { streamModel } = await import('./shell/stream-model.js');
      return { codec: streamCodec(new StreamCoder(await streamModel(model ?? name)), work) };
    }
    if (model !== undefined)
      throw new UsageError(`--model ${model} would be ignored: the file holds symbols of ${name}, not a stream`);
    refuseUnread(set, [`compressors.${name}`]);
    const { compressorSettings } = await import('../config/index.js');
    const { symbolCodec } = await import('../data/compressed-file/block-codec.js');
    const registry = await this.loadPlugins();
    const compressor = await registry
      .createCompressor(name, { ...options, ...compressorSettings(set, name) })
      .catch((error: unknown) => {
        throw lacksWhatItWasMadeWith(error) ? withHint(error, settingHint(name, options)) : error;
      });
    return {
      codec: symbolCodec(name, compressor, LARGEST_BLOCK),
      dispose: async () => compressor.dispose?.(),
    };
  }
}

/** @throws CompressorError if what is here makes other codes than those in the file */
function requireSameCodes(
  { coder, compressor, options, fingerprint }: FileHeader,
  codec: BlockCodec,
  file: string,
): void {
  if (codec.fingerprint === fingerprint) return;
  const lacking =
    coder === 'stream'
      ? 'Name the checkpoint that it was compressed with by --model DIR.'
      : settingHint(compressor, options);
  throw new CompressorError(`the file was made by ${fingerprint}, and here is ${codec.fingerprint}`, {
    file,
    hint: lacking,
  });
}

/** Errors of files that a compressor is made with. */
function lacksWhatItWasMadeWith(error: unknown): error is PcError {
  return error instanceof CodebookError || error instanceof CheckpointError || error instanceof TokenizerError;
}

function withHint({ message, location }: PcError, hint: string): CompressorError {
  return new CompressorError(message, { ...location, hint });
}

/** Options that name such a file, each with what stands for it; the first that a file's header or its compressor has. */
const MADE_WITH = { model: 'DIR', codebook: 'PATH', tokenizer: 'PATH' } as const;

/** Which option a compressor reads its files by where the header names none. */
const USUAL: Readonly<Record<string, keyof typeof MADE_WITH>> = { neural: 'codebook' };

/** How to name what a file was made with. */
function settingHint(compressor: string, options: FileHeader['options']): string {
  const names = Object.keys(MADE_WITH) as (keyof typeof MADE_WITH)[];
  const named = names.find((name) => typeof options[name] === 'string') ?? USUAL[compressor];
  if (named === undefined)
    return `Restore what it was made with, such as its tokenizer, or name it by --set compressors.${compressor}.OPTION=VALUE.`;
  return `Name the ${named} that it was made with by --set compressors.${compressor}.${named}=${MADE_WITH[named]}.`;
}

/** @throws UsageError if the name does not tell */
function outputOf(input: string): string {
  if (input === STANDARD_STREAM) return STANDARD_STREAM;
  if (input.endsWith(COMPRESSED_EXTENSION)) return input.slice(0, -COMPRESSED_EXTENSION.length);
  throw new UsageError(`${input} does not end with ${COMPRESSED_EXTENSION}, so its name does not tell what to write`, {
    hint: `Name the file to write by -o FILE, or -o ${STANDARD_STREAM} for standard output.`,
  });
}

async function* chunksOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
