import { latestCheckpoint, openCheckpoint } from '../checkpoints/index.js';
import { CheckpointError } from '../support/errors.js';
import { isOptimizerState } from '../training/optimizer.js';

/** Parameters of the model that a run trains, counted in its newest sound checkpoint; undefined where it has none. */
export async function countParameters(runDirectory: string): Promise<number | undefined> {
  try {
    const newest = await latestCheckpoint(runDirectory, { fallBack: true });
    if (newest === undefined) return undefined;
    const { specs } = await openCheckpoint(newest.path);
    return specs
      .filter(({ name }) => !isOptimizerState(name))
      .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  } catch (error) {
    // A report is also for runs whose checkpoints are damaged; `pc checkpoint verify` is what says so.
    if (error instanceof CheckpointError) return undefined;
    throw error;
  }
}
