import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { CheckpointError } from '../../support/errors.js';
import { systemErrorCode } from '../../support/output-failures.js';
import { readBoundedText } from '../bounded-text.js';

/** `config.json` of a model on the hub: written by strangers, with more keys than anybody reads. */

export const HUB_CONFIG_FILE = 'config.json';

/** Largest config.json that is read, in bytes; real ones have a few thousand. */
const MAX_CONFIG_BYTES = 1 << 20;

export interface HubConfig {
  file: string;
  values: Readonly<Record<string, unknown>>;
}

/** @throws CheckpointError if there is none, the directory is a file, or it is no JSON object */
export async function readHubConfig(directory: string): Promise<HubConfig> {
  const status = await stat(directory).catch(() => null);
  if (status?.isFile())
    throw new CheckpointError(`${directory} is a file, not a folder with a model of the hub`, {
      file: directory,
      hint: `Name the folder that config.json and the weights lie in: ${dirname(directory)}`,
    });
  return readJsonFile(
    join(directory, HUB_CONFIG_FILE),
    'Name a folder with config.json and *.safetensors, as downloaded from the hub.',
  );
}

/**
 * @param hint what to do where there is none
 * @throws CheckpointError if there is none, or it is no JSON object or too large a file
 */
export async function readJsonFile(file: string, hint: string): Promise<HubConfig> {
  const text = await readBoundedText(file, MAX_CONFIG_BYTES).catch((cause: unknown) => {
    const code = systemErrorCode(cause);
    if (code === undefined) throw cause;
    const name = basename(file);
    const what = code === 'ENOENT' ? `there is no ${name}` : `${name} cannot be read (${code})`;
    throw new CheckpointError(what, { file, hint, cause });
  });
  const values = parseObject(text);
  if (values === null)
    throw new CheckpointError(`${basename(file)} is no JSON object`, { file, hint: 'Use another copy of it.' });
  return { file, values };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const { success, data } = z.record(z.string(), z.unknown()).safeParse(JSON.parse(text));
    return success ? data : null;
  } catch {
    return null;
  }
}

/** The keys that a schema reads. @throws CheckpointError naming the first one that is missing or wrong */
export function parseHubConfig<Value>({ file, values }: HubConfig, schema: z.ZodType<Value>): Value {
  const { success, data, error } = schema.safeParse(values);
  if (success) return data;
  const issue = error.issues[0]!;
  const field = issue.path.join('.');
  const missing = field !== '' && !(String(issue.path[0]) in values);
  throw new CheckpointError(missing ? `${field} is missing` : `${field} is not usable: ${issue.message}`, {
    file,
    field,
    hint: 'Use the config.json that belongs to the weights.',
    cause: error,
  });
}

/** A key that changes what a model computes, and the values that leave it as ours. */
export interface SupportedValues {
  key: string;
  /** An absent key is as good as any of these. */
  values: readonly unknown[];
}

/** @throws CheckpointError naming the first key whose value our model has no counterpart for */
export function requireSupported({ file, values }: HubConfig, supported: readonly SupportedValues[]): void {
  for (const { key, values: allowed } of supported) {
    const value = values[key];
    if (value === undefined || allowed.includes(value)) continue;
    throw new CheckpointError(`models with ${key}: ${JSON.stringify(value)} are not supported`, {
      file,
      field: key,
      hint: `What is: ${allowed.map((each) => JSON.stringify(each)).join(', ')}. Convert another model.`,
    });
  }
}
