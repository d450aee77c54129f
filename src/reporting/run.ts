import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { readSerialisedConfig, type SerialisedSetting } from '../config/serialise.js';
import { dotted } from '../config/setting.js';
import { DataError } from '../support/errors.js';
import { systemErrorCode } from '../support/output-failures.js';
import { METRICS_FILE } from '../training/logging/index.js';
import { type RunMetrics, readMetrics } from './metrics-reader.js';

/** What a run's directory tells of it. */
export interface Run {
  name: string;
  directory: string;
  /** By dotted name, in the order of the file. */
  settings: ReadonlyMap<string, SerialisedSetting>;
  /** `environment.json`, whatever it says. */
  environment: Readonly<Record<string, unknown>>;
  metrics: RunMetrics;
  /** Evaluations of the run, the newest last. */
  evaluations: Evaluation[];
}

export interface Evaluation {
  /** Path of the file, below the run's directory. */
  file: string;
  bitsPerByte: number;
  /** 95 % interval. */
  interval: { low: number; high: number } | undefined;
  /** Bytes of text that were scored. */
  bytes: number | undefined;
}

/** What a report needs of `val_results.json`; the file has more. */
const evaluationFile = z.looseObject({
  bits_per_byte: z.number(),
  num_bytes: z.number().optional(),
  interval: z.looseObject({ low: z.number(), high: z.number() }).nullish(),
});

const EVALUATION_NAME = /^val_results.*\.json$/;

/**
 * Reads a run's directory.
 *
 * @throws DataError if there is no configuration or no metrics in it, or a file is damaged
 */
export async function readRun(directory: string): Promise<Run> {
  const settings = readSerialisedConfig(await readRequired(directory, 'config.yaml'));
  const byName = new Map(settings.map((setting) => [dotted(setting.path), setting]));
  return {
    name: String(byName.get('name')?.value ?? basename(resolve(directory))),
    directory,
    settings: byName,
    environment: await readEnvironment(join(directory, 'environment.json')),
    metrics: await readMetrics(join(directory, METRICS_FILE)),
    evaluations: await readEvaluations(directory),
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
    return parseJson(await readFile(path, 'utf8'), path, z.record(z.string(), z.unknown()));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return {};
    throw error;
  }
}

/** Evaluations in the run's directory and in the folders directly below it, oldest first. */
async function readEvaluations(directory: string): Promise<Evaluation[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const folders = ['', ...entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)];
  const found: { path: string; time: number }[] = [];
  for (const folder of folders)
    for (const name of await readdir(join(directory, folder)))
      if (EVALUATION_NAME.test(name)) {
        const path = join(directory, folder, name);
        found.push({ path, time: (await stat(path)).mtimeMs });
      }
  found.sort((a, b) => a.time - b.time);
  return Promise.all(found.map(async ({ path }) => readEvaluation(path, relative(directory, path))));
}

async function readEvaluation(path: string, file: string): Promise<Evaluation> {
  const { bits_per_byte, num_bytes, interval } = parseJson(await readFile(path, 'utf8'), path, evaluationFile);
  return { file, bitsPerByte: bits_per_byte, bytes: num_bytes, interval: interval ?? undefined };
}

function parseJson<T>(text: string, file: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new DataError('this file is damaged or was made by another program', {
      file,
      hint: 'Make it anew, or move it away to leave it out of the report.',
      cause,
    });
  }
}
