import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../../support/errors.js';
import { exists } from '../../support/output-failures.js';
import { trainingSources } from '../mixture.js';
import type { DataOptions } from '../options.js';
import type { PreprocessTarget } from './options.js';
import { stemOf } from './plan.js';

/** Folder beside datasets that holds them again, with codes. */
const PREPROCESSED = 'preprocessed';

/**
 * Where the preprocessed form of a dataset is unless it was put elsewhere: `data/preprocessed/train` for `data/train`.
 * Training looks there.
 */
export function preprocessedPath(dataset: string): string {
  return join(dirname(dataset), PREPROCESSED, basename(dataset));
}

/**
 * What to read and where to write.
 *
 * @param paths folders or files that the user named; null: the sources of the project, and its held-out data if it is there
 * @param output as the user gave it: the folder of the one dataset, or of the folders of several; null: beside the input
 * @throws UsageError if two outputs would be the same, or one lies in an input
 */
export async function preprocessTargets(
  paths: readonly string[] | null,
  output: string | null,
  data: Pick<DataOptions, 'root' | 'sources' | 'validation'>,
): Promise<PreprocessTarget[]> {
  const inputs = paths ?? (await projectInputs(data));
  const targets = await Promise.all(inputs.map(async (input) => ({ input, output: await outputOf(input) })));
  const taken = new Map<string, string>();
  for (const { input, output: folder } of targets) {
    const other = taken.get(resolve(folder));
    if (other !== undefined)
      throw new UsageError(`${other} and ${input} would both go to ${folder}`, {
        hint: 'Preprocess them one at a time, each with an --output of its own.',
      });
    taken.set(resolve(folder), input);
    const same = inputs.find((path) => resolve(path) === resolve(folder));
    if (same !== undefined)
      throw new UsageError(`the output ${folder} is an input as well`, { hint: 'Choose another --output.' });
  }
  return targets;

  async function outputOf(input: string): Promise<string> {
    const beside = preprocessedPath((await isFile(input)) ? join(dirname(input), stemOf(input)) : input);
    if (output === null) return beside;
    return inputs.length === 1 ? output : join(output, basename(beside));
  }
}

async function projectInputs(data: Pick<DataOptions, 'root' | 'sources' | 'validation'>): Promise<string[]> {
  const sources = trainingSources(data).map(({ path }) => path);
  const { validation } = data;
  return validation !== null && !sources.includes(validation) && (await exists(validation))
    ? [...sources, validation]
    : sources;
}

async function isFile(path: string): Promise<boolean> {
  return (await exists(path)) && (await stat(path)).isFile();
}
