import { Args, Flags } from '@oclif/core';
import type { CheckpointFacts } from '../../checkpoints/index.js';
import { BaseCommand } from '../base.js';
import { checkpointAt } from '../shell/checkpoint-argument.js';
import { describeCheckpoint } from '../shell/checkpoint-lines.js';

export default class CheckpointInfo extends BaseCommand {
  static override summary = 'Show what a checkpoint holds: step, model, vocabulary, files, tensors.';
  static override description =
    'Reads everything but the data of the tensors; `pc checkpoint verify` reads those too. --json lists all tensors.';
  static override examples = [
    '<%= config.bin %> checkpoint info runs/default',
    '<%= config.bin %> checkpoint info runs/default/checkpoints/0000001000 --tensors',
  ];
  static override args = {
    checkpoint: Args.string({ description: 'a checkpoint, or a run: its newest', required: true, name: 'CHECKPOINT' }),
  };
  static override flags = {
    tensors: Flags.boolean({ summary: 'List the tensors with their types and shapes.' }),
  };

  async run(): Promise<CheckpointFacts> {
    const { args, flags } = await this.parse(CheckpointInfo);
    const { checkpointFacts, openCheckpoint } = await import('../../checkpoints/index.js');
    const facts = await checkpointFacts(await openCheckpoint(await checkpointAt(args.checkpoint)));
    for (const line of describeCheckpoint(facts, flags.tensors)) this.log(line);
    return facts;
  }
}
