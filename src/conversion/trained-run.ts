import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Compression, compressionAt } from '../data/compression-schedule.js';
import type { DataOptions } from '../data/options.js';
import { type BpbResults, readResults } from '../evaluation/index.js';
import type { ModelOptions } from '../models/index.js';
import { DataError } from '../support/errors.js';

/** The settings of a run that tell what its checkpoints are. The project's configuration has these sections. */
export interface TrainedRun {
  model: ModelOptions;
  seed: number;
  data: DataOptions;
  batch: { size: number; sequenceLength: number };
  optim: { learningRate: number; schedule: string };
}

/** How text was mixed in the last of `step` optimizer steps. */
export function lastCompression({ data }: Pick<TrainedRun, 'data'>, step: number): Compression {
  return compressionAt(data, Math.max(0, step - 1));
}

/** What `pc eval bpb` measured of a run's checkpoint of this step, in the order of the directories' names. */
export async function scoresOf(runDirectory: string, step: number): Promise<BpbResults[]> {
  const directory = join(runDirectory, 'evaluations');
  const names = await readdir(directory).catch(() => []);
  const found: BpbResults[] = [];
  for (const name of names.sort()) {
    const results = await readResults(join(directory, name)).catch((error: unknown) => {
      // Something else that a user keeps there.
      if (error instanceof DataError) return null;
      throw error;
    });
    if (results?.model.step === step) found.push(results);
  }
  return found;
}
