import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { readSerialisedConfig, type SerialisedSetting } from '../config/serialise.js';
import { dotted } from '../config/setting.js';
import { DataError } from '../support/errors.js';
import { systemErrorCode } from '../support/output-failures.js';
import { METRICS_FILE } from '../training/logging/index.js';
import { type Evaluation, readEvaluations } from './evaluations.js';
import { type RunMetrics, readMetrics } from './metrics-reader.js';
import { countParameters } from './parameters.js';

/** What a run's directory tells of it. */
export interface Run {
  name: string;
  directory: string;
  /** By dotted name, in the order of the file. */
  settings: ReadonlyMap<string, SerialisedSetting>;
  /** `environment.json`, whatever it says. */
  environment: Readonly<Record<string, unknown>>;
  metrics: RunMetrics;
  /** Of the model; undefined where no checkpoint tells. */
  parameters: number | undefined;
  /** The one to judge the run by comes last. */
  evaluations: Evaluation[];
}

/**
 * Reads a run's directory.
 *
 * @throws DataError if there is no configuration or no metrics in it, or a file is damaged
 */
export async function readRun(directory: string): Promise<Run> {
  const settings = readSerialisedConfig(await readRequired(directory, 'config.yaml'));
  const byName = new Map(settings.map((setting) => [dotted(setting.path), setting]));
  const validation = byName.get('data.validation')?.value;
  return {
    name: String(byName.get('name')?.value ?? basename(resolve(directory))),
    directory,
    settings: byName,
    environment: await readEnvironment(join(directory, 'environment.json')),
    parameters: await countParameters(directory),
    metrics: await readMetrics(join(directory, METRICS_FILE)),
    evaluations: await readEvaluations(directory, typeof validation === 'string' ? validation : undefined),
  };
}

async function readRequired(directory: string, name: string): Promise<string> {
  try {
    return await readFile(join(directory, name), 'utf8');
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) throw error;
    throw new DataError(`${directory} is no run: it has no ${name}`, {
      file: join(directory, name),
      hint: 'Give the directory of a run that pc train has made, such as runs/default.',
    });
  }
}

async function readEnvironment(path: string): Promise<Record<string, unknown>> {
  try {
    return parseEnvironment(await readFile(path, 'utf8'), path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return {};
    throw error;
  }
}

function parseEnvironment(text: string, file: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (cause) {
    throw new DataError('this is no description of an environment', {
      file,
      hint: 'Move the file away to leave it out of the report.',
      cause,
    });
  }
}
