import { Flags } from '@oclif/core';
import { type ByteRange, type Inspection, type NamedCompressor, reasonOf } from '../inspection/index.js';
import { CompressorError, InterruptedError, UsageError } from '../support/errors.js';
import { BaseCommand } from './base.js';
import { usesColour } from './shell/colour.js';
import { compressorNames } from './shell/compressor-names.js';
import { configFlags, configRequest } from './shell/config-flags.js';
import { describeInspection } from './shell/inspection-lines.js';
import { type TextSource, textArgument, textFileFlag, textSource } from './shell/text-source.js';
import { refuseUnread } from './shell/unread-settings.js';

/** Bytes of text that are shown unless the user says otherwise. */
const SHOWN_BYTES = 4096;

interface Instances {
  compressors: NamedCompressor[];
  /** Compressors that could not start. */
  failures: Inspection['failures'];
}

export default class Inspect extends BaseCommand {
  static override summary = 'Show what compressors make of a text: which bytes each symbol covers.';
  static override description =
    `Prints, for each compressor, statistics over all of the text and an excerpt divided as its symbols divide it: in alternating colours, or with a bar before each symbol. Symbols that cover the same bytes are shown as one, and ‹n› stands for n symbols that complete no byte, such as those of a header; ┃ stands where a compressor cuts the text, which no symbol crosses. --html writes a page where the compressors stand side by side, and pointing at a symbol shows its bytes and marks them everywhere.

By default all compressors that work here are shown, with the options of the project.`;
  static override examples = [
    "<%= config.bin %> inspect 'def f(x): return x + 1'",
    '<%= config.bin %> inspect --file src/main.py --compressor gzip,halfbyte --bytes 1000:1500',
    'git show HEAD | <%= config.bin %> inspect --html change.html',
  ];
  static override args = { text: textArgument };
  static override flags = {
    ...configFlags,
    file: textFileFlag,
    compressor: Flags.string({
      summary: 'Compressors to show, by default all that work here.',
      helpValue: 'NAME,…',
    }),
    bytes: Flags.string({
      summary: 'Bytes to show, the second not included.',
      helpValue: 'START:END',
      exclusive: ['max-bytes'],
    }),
    'max-bytes': Flags.integer({
      summary: `Bytes to show, from the first on; ${SHOWN_BYTES} by default.`,
      helpValue: 'N',
      min: 1,
    }),
    html: Flags.string({ summary: 'Page to write.', helpValue: 'FILE' }),
    force: Flags.boolean({ summary: 'Replace a page that exists.', dependsOn: ['html'] }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Inspect);
    const { refuseToOverwrite } = await import('../support/output-failures.js');
    const range = rangeOf(flags.bytes, flags['max-bytes']);
    if (flags.html !== undefined) await refuseToOverwrite(flags.html, flags.force === true);
    const source = await textSource(args.text, flags.file);
    const { compressors, failures } = await this.instances(flags);
    try {
      const inspection = await this.inspect(source, compressors, range, flags.compressor !== undefined);
      inspection.failures.unshift(...failures);
      if (range.start > inspection.bytes || (flags.bytes !== undefined && range.start === inspection.bytes))
        throw new UsageError(`--bytes ${flags.bytes} begins behind the last of ${inspection.bytes} bytes`);
      if (flags.html !== undefined) await this.writePage(flags.html, source.name, inspection);
      const options = { source: source.name, colour: usesColour(process.stdout, process.env) };
      for (const line of describeInspection(inspection, options)) this.log(line);
      if (flags.html !== undefined) this.log(`\nWrote ${flags.html}`);
      const { start, end } = inspection.excerpt;
      return { source: source.name, ...inspection, excerpt: { start, end }, html: flags.html ?? null };
    } finally {
      for (const { compressor } of compressors) await compressor.dispose?.();
    }
  }

  /** The compressors that the user named, or all that start. */
  private async instances(flags: {
    compressor?: string | undefined;
    config?: string | undefined;
    preset?: string[] | undefined;
    set?: string[] | undefined;
  }): Promise<Instances> {
    const { loadDataConfig } = await import('../config/index.js');
    const registry = await this.loadPlugins();
    const named = flags.compressor === undefined ? null : compressorNames(flags.compressor);
    const names = named ?? [...registry.compressors.keys()];
    refuseUnread(
      flags.set ?? [],
      names.map((name) => `compressors.${name}`),
    );
    const { config, preset, set } = flags;
    const { compressors: options } = await loadDataConfig(configRequest({ config, preset, set }));
    // Options that are wrong are an error, whether or not the compressor was named.
    for (const name of names) registry.compressorDescriptor(name, options[name]);
    const instances: Instances = { compressors: [], failures: [] };
    for (const name of names) {
      const { summary } = registry.compressor(name).definition;
      try {
        const log = (message: string): void => void process.stderr.write(`${message}\n`);
        instances.compressors.push({
          name,
          summary,
          compressor: await registry.createCompressor(name, options[name], log),
        });
      } catch (error) {
        if (named !== null) throw error;
        instances.failures.push({ name, reason: reasonOf(error) });
      }
    }
    return instances;
  }

  /** Shows progress where the text takes time. */
  private async inspect(
    source: TextSource,
    compressors: readonly NamedCompressor[],
    range: ByteRange,
    strict: boolean,
  ): Promise<Inspection> {
    const { DOCUMENT_BYTES, inspect, textDocuments } = await import('../inspection/index.js');
    const signal = this.stopSignal;
    const run = (progress?: (bytes: number) => void): Promise<Inspection> =>
      inspect(textDocuments(source.chunks), compressors, {
        range,
        signal,
        onFailure: strict ? 'throw' : 'leave-out',
        ...(progress && { progress }),
      }).catch((error: unknown) => {
        if (signal.aborted && error === signal.reason) throw new InterruptedError('stopped; nothing was written');
        throw placed(error, source);
      });
    if (source.size === null || source.size <= DOCUMENT_BYTES) return run();
    const total = source.size;
    const { inspection } = await this.runTasks<{ inspection?: Inspection }>(
      [
        {
          title: `Encoding ${source.name}`,
          task: async (context, task) => {
            const reporter = this.progressOf(task);
            context.inspection = await run((done) => reporter.report({ done, total, unit: 'bytes' }));
          },
        },
      ],
      {},
    );
    return inspection!;
  }

  private async writePage(path: string, source: string, inspection: Inspection): Promise<void> {
    const { renderInspection } = await import('../reporting/index.js');
    const { writeFileAtomic } = await import('../support/atomic-files.js');
    const madeBy = `${this.config.name} ${this.config.version}`;
    await writeFileAtomic(path, renderInspection(inspection, { source, madeBy }));
  }
}

/** What a compressor says of a text, with the file that the text is of. */
function placed(cause: unknown, { file }: TextSource): unknown {
  if (!(cause instanceof CompressorError) || file === null) return cause;
  const { message, location, hint } = cause;
  return new CompressorError(message, { file, ...location, ...(hint !== undefined && { hint }), cause });
}

function rangeOf(bytes: string | undefined, maxBytes: number | undefined): ByteRange {
  if (bytes === undefined) return { start: 0, end: maxBytes ?? SHOWN_BYTES };
  const [, start, end] = /^(\d+):(\d+)$/.exec(bytes.trim()) ?? [];
  const range = { start: Number(start), end: Number(end) };
  if (start === undefined || range.start >= range.end)
    throw new UsageError(`--bytes ${bytes} is no range`, {
      hint: 'Write two numbers, the second larger than the first, such as --bytes 1000:1500.',
    });
  return range;
}
