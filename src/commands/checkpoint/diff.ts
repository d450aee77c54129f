import { Args, Flags } from '@oclif/core';
import type { CheckpointDifference } from '../../checkpoints/index.js';
import { BaseCommand } from '../base.js';
import { checkpointAt } from '../shell/checkpoint-argument.js';
import { describeDifference } from '../shell/checkpoint-lines.js';

export default class CheckpointDiff extends BaseCommand {
  static override summary = 'Compare the tensors of two checkpoints, however each is stored.';
  static override description =
    'For each tensor: whether every bit is the same, how many elements differ, the largest and the mean difference, and the norm of the difference over that of A. Differences are no failure: the exit status is 0.';
  static override examples = [
    '<%= config.bin %> checkpoint diff runs/a/checkpoints/0000000100 runs/a/checkpoints/0000000200',
    '<%= config.bin %> checkpoint diff runs/a runs/b --json',
  ];
  static override args = {
    a: Args.string({ description: 'a checkpoint, or a run: its newest', required: true, name: 'A' }),
    b: Args.string({ description: 'another', required: true, name: 'B' }),
  };
  static override flags = {
    all: Flags.boolean({ summary: 'List tensors that are the same, too.' }),
    optimizer: Flags.boolean({ summary: 'List tensors of the optimizer one by one; otherwise they have one line.' }),
  };

  async run(): Promise<CheckpointDifference> {
    const { args, flags } = await this.parse(CheckpointDiff);
    const { compareCheckpoints, openCheckpoint } = await import('../../checkpoints/index.js');
    const [a, b] = [await openCheckpoint(await checkpointAt(args.a)), await openCheckpoint(await checkpointAt(args.b))];
    const difference = await this.runOnBytes(`Comparing ${a.path} with ${b.path}`, null, (progress) =>
      compareCheckpoints(a, b, { signal: this.stopSignal, onProgress: progress }),
    );
    for (const line of describeDifference(difference, flags)) this.log(line);
    return difference;
  }
}
