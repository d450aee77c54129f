import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { CodebookError } from '../support/errors.js';
import { type EntropyQuantiles, QUANTILE_STEPS } from './segmentation-calibration.js';
import { GREATEST_ENTROPY } from './segmentation-rule.js';

/** Quantiles of a model's entropies, as JSON beside the model; a table has its own in its file. */
export interface ModelQuantiles extends EntropyQuantiles {
  /** Of the model that was asked, for the record: on another machine it has another one. */
  readonly modelFingerprint: string;
  /** Bytes of text that they were taken of. */
  readonly calibrationBytes: number;
}

const FORMAT = 'pc-entropy-quantiles';
const VERSION = 1;

const ascending = (least: number) =>
  z
    .array(z.int().min(least).max(GREATEST_ENTROPY))
    .length(QUANTILE_STEPS - 1)
    .refine((values) => values.every((value, i) => i === 0 || value >= values[i - 1]!), 'must ascend');

const fileSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  modelFingerprint: z.string(),
  calibrationBytes: z.int().min(0),
  levels: ascending(0),
  jumps: ascending(-GREATEST_ENTROPY),
});

/** The content of the file. */
export function encodeModelQuantiles(quantiles: ModelQuantiles): string {
  const { modelFingerprint, calibrationBytes, levels, jumps } = quantiles;
  const content: z.input<typeof fileSchema> = {
    format: FORMAT,
    version: VERSION,
    modelFingerprint,
    calibrationBytes,
    levels: Array.from(levels),
    jumps: Array.from(jumps),
  };
  return `${JSON.stringify(content)}\n`;
}

/** @throws CodebookError, with the file's name, for one that is missing, damaged or of a newer version */
export async function readModelQuantiles(path: string): Promise<ModelQuantiles> {
  const hint = 'Make it with `pc codebook segmentation DATA --m1 CHECKPOINT --m1-quantiles FILE`.';
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new CodebookError('the quantiles of entropies cannot be read', { file: path, cause, hint });
  }
  const { success, data, error } = fileSchema.safeParse(content);
  if (!success) {
    const { path: field, message } = error.issues[0]!;
    const place = field.length === 0 ? {} : { field: field.map(String).join('.') };
    throw new CodebookError(`these are no quantiles of entropies: ${message}`, { file: path, ...place, hint });
  }
  const { modelFingerprint, calibrationBytes, levels, jumps } = data;
  return { modelFingerprint, calibrationBytes, levels: Int32Array.from(levels), jumps: Int32Array.from(jumps) };
}
