import { Args } from '@oclif/core';
import type { Examination } from '../../checkpoints/index.js';
import { BaseCommand } from '../base.js';
import { describeExamination } from '../shell/checkpoint-lines.js';
import { requirePath } from '../shell/existing-run.js';

export default class CheckpointVerify extends BaseCommand {
  static override summary = 'Read all of a checkpoint and say what is damaged; exit 1 if anything is.';
  static override description =
    'Checks the marker, sizes and checksums of all files, offsets and names in headers, every tensor, that slices are whole tensors together, and that state, configuration and tensors belong to one model.';
  static override examples = [
    '<%= config.bin %> checkpoint verify runs/default',
    '<%= config.bin %> checkpoint verify runs/default/checkpoints/0000001000 --json',
  ];
  static override args = {
    checkpoint: Args.string({ description: 'a checkpoint, or a run: its newest', required: true, name: 'CHECKPOINT' }),
  };

  async run(): Promise<Examination> {
    const { args } = await this.parse(CheckpointVerify);
    await requirePath(args.checkpoint);
    const { examineCheckpoint, listCheckpoints } = await import('../../checkpoints/index.js');
    // The newest of a run even if it is damaged: that is what is asked.
    const path = (await listCheckpoints(args.checkpoint)).at(-1)?.path ?? args.checkpoint;
    const examination = await this.runOnBytes(`Verifying ${path}`, null, (progress) =>
      examineCheckpoint(path, { signal: this.stopSignal, onProgress: progress }),
    );
    for (const line of describeExamination(examination)) this.log(line);
    if (examination.damage.length > 0) process.exitCode = 1;
    return examination;
  }
}
