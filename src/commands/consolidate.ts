import { basename, join, resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import type { Consolidation } from '../checkpoints/index.js';
import { BaseCommand } from './base.js';
import { checkpointAt, runOfCheckpoint } from './shell/checkpoint-argument.js';
import { describeConsolidation } from './shell/checkpoint-lines.js';

export default class Consolidate extends BaseCommand {
  static override summary = 'Join the shards of a checkpoint: one file of weights that any safetensors reader opens.';
  static override description =
    `Writes a directory with model.safetensors (whole tensors, sorted by name), config.yaml, state.json, provenance.json and the files of the compressor that it was trained with, such as its tokenizer. The directory is itself a checkpoint: every command that takes one takes it.

Without --with-optimizer it has the weights alone: \`pc train --from\` starts from them, \`pc train --resume-from\` needs the optimizer.`;
  static override examples = [
    '<%= config.bin %> consolidate runs/default',
    '<%= config.bin %> consolidate runs/default/checkpoints/0000001000 -o released --with-optimizer',
  ];
  static override args = {
    checkpoint: Args.string({ description: 'a checkpoint, or a run: its newest', required: true, name: 'CHECKPOINT' }),
  };
  static override flags = {
    output: Flags.string({
      char: 'o',
      summary: 'New directory; RUN/consolidated/STEP by default, CHECKPOINT-consolidated outside of a run.',
      helpValue: 'DIR',
    }),
    'with-optimizer': Flags.boolean({ summary: 'Write optimizer.safetensors too.', default: false }),
    force: Flags.boolean({ summary: 'Replace a checkpoint that stands there.', default: false }),
  };

  async run(): Promise<Consolidation> {
    const { args, flags } = await this.parse(Consolidate);
    const { consolidateCheckpoint, isConsolidated, openCheckpoint } = await import('../checkpoints/index.js');
    const { loadConfigFile } = await import('../config/index.js');
    const { compressorFilesOf } = await import('../evaluation/compressor-files.js');
    const path = await checkpointAt(args.checkpoint);
    const checkpoint = await openCheckpoint(path);
    const { config } = await loadConfigFile(join(path, 'config.yaml'));
    const { files, problem } = await compressorFilesOf(checkpoint, config, await this.loadPlugins());
    if (problem !== null)
      process.stderr.write(
        `Warning: the files of the compressor are left out, since they are not at hand: ${problem}\n`,
      );
    const consolidation = await this.runOnBytes(`Consolidating ${path}`, null, (progress) =>
      consolidateCheckpoint({
        checkpoint,
        output: flags.output ?? besideCheckpoints(path, isConsolidated(checkpoint)),
        withOptimizer: flags['with-optimizer'],
        force: flags.force,
        compressorFiles: files,
        version: this.config.version,
        signal: this.stopSignal,
        onProgress: progress,
      }),
    );
    for (const line of describeConsolidation(consolidation)) this.log(line);
    return consolidation;
  }
}

/** Where a checkpoint is consolidated unless told otherwise; one that is so already stays where it is. */
function besideCheckpoints(path: string, isConsolidated: boolean): string {
  if (isConsolidated) return path;
  const directory = resolve(path);
  const run = runOfCheckpoint(path);
  return run === null ? `${directory}-consolidated` : join(run, 'consolidated', basename(directory));
}
