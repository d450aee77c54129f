import { Args, Flags } from '@oclif/core';
import type { Checkpoint } from '../checkpoints/index.js';
import type { Config } from '../config/index.js';
import { WEIGHT_TYPE_NAMES, type WeightType } from '../conversion/float-elements.js';
import { RAW_HEAD_MODES, type RawHeadMode } from '../conversion/hub/hub-model.js';
import type { HubExportReport, ImportReport, OnnxExportReport } from '../conversion/index.js';
import { UsageError } from '../support/errors.js';
import { BaseCommand } from './base.js';
import { byteSize } from './shell/byte-size.js';
import { chooseCheckpoint, runOfCheckpoint } from './shell/checkpoint-argument.js';
import { describeExport, describeGraph, describeImport } from './shell/conversion-lines.js';

const DEFAULT_SHARD_SIZE = '5GB';

/** Which of the flags below a conversion reads. */
const READ_BY = {
  '--to hf': ['dtype', 'raw-heads', 'shard-size'],
  '--to onnx': ['rows', 'length'],
  '--from hf': [],
  '--from lingua': [],
} as const;

const CONVERSION_FLAGS = ['dtype', 'raw-heads', 'shard-size', 'rows', 'length'] as const;

/** The flags of a conversion as they are parsed. */
interface ConvertFlags {
  output: string;
  force: boolean;
  dtype?: WeightType | undefined;
  'raw-heads'?: RawHeadMode | undefined;
  'shard-size'?: string | undefined;
  rows?: number | undefined;
  length?: number | undefined;
}

export default class Convert extends BaseCommand {
  static override summary = 'Turn checkpoints into models of the Hugging Face hub, and such models into checkpoints.';
  static override description =
    `--to hf writes a directory that \`transformers\` loads: EvaByte with the modelling code that is published for it, OpenCoder as LlamaForCausalLM. Values are copied, or rounded to the nearest of --dtype; nothing else about them changes.

--to onnx writes the graph of the logits over a full context, which ONNX Runtime runs, and its weights as safetensors beside it. Its shapes are fixed; since no position sees a later one, shorter texts are padded behind.

--from hf makes a checkpoint that \`pc eval bpb\` takes and \`pc train --from\` goes on from, of an EvaByte or Llama model in safetensors files of any float type. A model that differs from ours in something it computes is refused by the name of what it is.

--from lingua does so with a consolidated .pth of the published trainer and the params.json beside it. Such files are pickles: tensors and plain containers are read, anything else is refused, and nothing is executed.

Interrupted, nothing is left.`;
  static override examples = [
    '<%= config.bin %> convert runs/default --to hf -o exported',
    '<%= config.bin %> convert runs/proxy --to hf --dtype bf16 --raw-heads merge -o exported',
    '<%= config.bin %> convert runs/default --to onnx --length 2048 -o graph',
    '<%= config.bin %> convert --from hf downloads/EvaByte -o checkpoints/evabyte',
    '<%= config.bin %> convert --from lingua consolidated/consolidated.pth -o checkpoints/published',
  ];
  static override args = {
    source: Args.string({
      description:
        'with --to: a checkpoint, or a run: its newest one; with --from: a folder of the hub, or a .pth file',
      name: 'SOURCE',
      required: true,
    }),
  };
  static override flags = {
    to: Flags.option({
      summary: 'Write a model of this kind.',
      options: ['hf', 'onnx'] as const,
      exclusive: ['from'],
    })(),
    from: Flags.option({ summary: 'Read a model of this kind.', options: ['hf', 'lingua'] as const })(),
    output: Flags.string({ char: 'o', summary: 'Directory to write.', helpValue: 'DIR', required: true }),
    dtype: Flags.option({
      summary: `--to hf: type of the weights [default: fp32].`,
      options: WEIGHT_TYPE_NAMES,
    })(),
    'raw-heads': Flags.option({
      summary: '--to hf: leave out heads over raw bytes alone, or make them prediction heads [default: discard].',
      options: RAW_HEAD_MODES,
    })(),
    'shard-size': Flags.string({
      summary: `--to hf: largest file of weights, such as 500MB [default: ${DEFAULT_SHARD_SIZE}].`,
      helpValue: 'SIZE',
    }),
    rows: Flags.integer({ summary: '--to onnx: sequences of a batch [default: 1].', helpValue: 'N', min: 1 }),
    length: Flags.integer({
      summary: '--to onnx: symbols of a sequence; by default as many as in training.',
      helpValue: 'N',
      min: 1,
    }),
    force: Flags.boolean({ summary: 'Replace a directory of the same kind.' }),
  };

  async run(): Promise<HubExportReport | OnnxExportReport | ImportReport> {
    const { args, flags } = await this.parse(Convert);
    const { from, to } = flags;
    if (to === undefined && from === undefined)
      throw new UsageError('nothing says what to convert to or from', {
        hint: 'Add --to hf, --to onnx, --from hf or --from lingua.',
      });
    refuseUnreadFlags(flags, to === undefined ? `--from ${from ?? 'hf'}` : `--to ${to}`);
    if (to === 'hf') return this.toHub(args.source, flags);
    if (to === 'onnx') return this.toOnnx(args.source, flags);
    return this.import(args.source, from ?? 'hf', flags);
  }

  private async toHub(path: string, flags: ConvertFlags): Promise<HubExportReport> {
    const shardBytes = byteSize('--shard-size', flags['shard-size'] ?? DEFAULT_SHARD_SIZE);
    const { exportToHub } = await import('../conversion/index.js');
    const { checkpoint, trained } = await chooseCheckpoint(path, {}, [], []);
    const tokenizerFile = await this.tokenizerOf(checkpoint, trained);
    const report = await this.converting(`Exporting ${checkpoint.path}`, (onProgress) =>
      exportToHub({
        checkpoint,
        run: trained,
        runDirectory: runOfCheckpoint(checkpoint.path),
        tokenizerFile,
        output: flags.output,
        dtype: flags.dtype ?? 'fp32',
        rawHeads: flags['raw-heads'] ?? 'discard',
        shardBytes,
        force: flags.force,
        signal: this.stopSignal,
        onProgress,
      }),
    );
    for (const line of describeExport(report)) this.log(line);
    return report;
  }

  /** The tokenizer of a model that was trained on its tokens alone; null, and a warning, where it is not at hand. */
  private async tokenizerOf(checkpoint: Checkpoint, trained: Config): Promise<string | null> {
    const { trainedVocabularyOf } = await import('../checkpoints/index.js');
    const { layout } = trainedVocabularyOf(checkpoint);
    if (layout.rawIncluded || trained.data.compressor !== 'bpe') return null;
    const { compressorFilesOf } = await import('../evaluation/compressor-files.js');
    const { files, problem } = await compressorFilesOf(checkpoint, trained, await this.loadPlugins());
    if (problem !== null)
      process.stderr.write(`Warning: tokenizer.json is left out, since the tokenizer is not at hand: ${problem}\n`);
    return files.find(({ option }) => option === 'tokenizer')?.path ?? null;
  }

  private async toOnnx(path: string, { rows, length, output, force }: ConvertFlags): Promise<OnnxExportReport> {
    const { exportToOnnx } = await import('../conversion/index.js');
    const { checkpoint, trained } = await chooseCheckpoint(path, {}, [], []);
    const exporter = (await this.loadPlugins()).exporter('onnx');
    const report = await this.converting(`Exporting ${checkpoint.path}`, (onProgress) =>
      exportToOnnx({
        checkpoint,
        run: trained,
        exporter,
        output,
        rows: rows ?? 1,
        sequenceLength: length ?? trained.batch.sequenceLength,
        force,
        signal: this.stopSignal,
        onProgress,
      }),
    );
    for (const line of describeGraph(report)) this.log(line);
    return report;
  }

  private async import(path: string, from: 'hf' | 'lingua', { output, force }: ConvertFlags): Promise<ImportReport> {
    const { importFromHub, importFromLingua } = await import('../conversion/index.js');
    const read = from === 'hf' ? importFromHub : importFromLingua;
    const report = await this.converting(`Importing ${path}`, (onProgress) =>
      read(path, { output, force, signal: this.stopSignal, onProgress }),
    );
    for (const line of describeImport(report)) this.log(line);
    return report;
  }

  /** Runs the only task of the command, and shows how many bytes are written. */
  private async converting<Report>(
    title: string,
    run: (onProgress: (done: number, total: number) => void) => Promise<Report>,
  ): Promise<Report> {
    const { report } = await this.runTasks<{ report?: Report }>(
      [
        {
          title,
          task: async (context, task) => {
            const reporter = this.progressOf(task);
            context.report = await run((done, total) => reporter.report({ done, total, unit: 'bytes' }));
          },
        },
      ],
      {},
    );
    return report!;
  }
}

/** @throws UsageError naming a flag that the conversion does not read */
function refuseUnreadFlags(flags: ConvertFlags, conversion: keyof typeof READ_BY): void {
  const read: readonly string[] = READ_BY[conversion];
  const ignored = CONVERSION_FLAGS.find((flag) => flags[flag] !== undefined && !read.includes(flag));
  if (ignored === undefined) return;
  throw new UsageError(`--${ignored} would be ignored by ${conversion}`, {
    hint: read.length > 0 ? `It reads ${read.map((flag) => `--${flag}`).join(', ')}.` : 'Leave it out.',
  });
}
