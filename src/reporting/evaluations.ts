import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { DataError } from '../support/errors.js';
import { systemErrorCode } from '../support/output-failures.js';

/** One evaluation of a run: `val_results.json`. */
export interface Evaluation {
  /** Path of the file, below the run's directory. */
  file: string;
  /** Optimizer steps that the evaluated checkpoint had; undefined where the file does not tell. */
  step: number | undefined;
  bitsPerByte: number;
  /** With the cost of telling where texts end. */
  bitsPerByteWithEos: number | undefined;
  /** Bootstrap interval of 95 %. */
  interval: { low: number; high: number } | undefined;
  /** Whether raw bytes were scored, and nothing else. */
  isRaw: boolean;
  /** Whether it was measured on other data than the run's validation data. */
  isOnOtherData: boolean;
  /** How and on what it was measured: what must agree between evaluations that are compared. */
  conditions: EvaluationConditions;
}

/** As shown; `unknown` where the file does not tell. */
export interface EvaluationConditions {
  representation: string;
  context: string;
  stride: string;
  documentMask: string;
  /** Bytes of text that were scored. */
  bytes: string;
  /** Path of the text, as it was given. */
  data: string;
}

/** What a report needs of `val_results.json`: the file has more, and those of the reference less. */
const resultsFile = z.looseObject({
  bits_per_byte: z.number(),
  bits_per_byte_with_eos: z.number().optional(),
  num_bytes: z.number().optional(),
  interval: z.looseObject({ low: z.number(), high: z.number() }).nullish(),
  conditions: z
    .looseObject({
      representation: z.looseObject({ raw_only: z.boolean(), mode: z.string(), rate: z.number() }),
      context: z.number(),
      stride: z.number(),
      document_mask: z.boolean(),
      data: z.string().optional(),
    })
    .optional(),
  model: z.looseObject({ step: z.number() }).optional(),
});

const RESULTS_NAME = /^val_results.*\.json$/;
const UNKNOWN = 'unknown';

/**
 * The evaluations in a run's directory, in the folders directly in it and in those of `evaluations/`: the one to judge
 * the run by comes last. That is the newest of the latest step, on the run's own validation data and of raw bytes where
 * there is any.
 *
 * @param validation the run's own validation data; undefined where it has none, so that no other can be told from it
 * @throws DataError if one is damaged
 */
export async function readEvaluations(directory: string, validation?: string): Promise<Evaluation[]> {
  const found: { evaluation: Evaluation; time: number }[] = [];
  for (const folder of await foldersWithResults(directory))
    for (const name of await readdir(folder)) {
      if (!RESULTS_NAME.test(name)) continue;
      const path = join(folder, name);
      const evaluation = await readEvaluation(path, relative(directory, path), validation);
      found.push({ evaluation, time: (await stat(path)).mtimeMs });
    }
  found.sort(
    (a, b) =>
      Number(b.evaluation.isOnOtherData) - Number(a.evaluation.isOnOtherData) ||
      Number(a.evaluation.isRaw) - Number(b.evaluation.isRaw) ||
      (a.evaluation.step ?? 0) - (b.evaluation.step ?? 0) ||
      a.time - b.time,
  );
  return found.map(({ evaluation }) => evaluation);
}

async function foldersWithResults(directory: string): Promise<string[]> {
  const children = await folders(directory);
  return [directory, ...children, ...(await folders(join(directory, 'evaluations')))];
}

async function folders(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function readEvaluation(path: string, file: string, validation: string | undefined): Promise<Evaluation> {
  const results = parse(await readFile(path, 'utf8'), path);
  const { conditions } = results;
  const { raw_only = false, mode = UNKNOWN, rate = Number.NaN } = conditions?.representation ?? {};
  const isRaw = raw_only || rate === 0;
  return {
    file,
    step: results.model?.step,
    bitsPerByte: results.bits_per_byte,
    bitsPerByteWithEos: results.bits_per_byte_with_eos,
    interval: results.interval ?? undefined,
    isRaw,
    isOnOtherData: isOther(conditions?.data, validation),
    conditions: {
      representation: isRaw ? 'raw bytes' : conditions ? `${mode}, rate ${rate}` : UNKNOWN,
      context: told(conditions?.context),
      stride: told(conditions?.stride),
      documentMask: told(conditions?.document_mask),
      bytes: told(results.num_bytes),
      data: told(conditions?.data),
    },
  };
}

function parse(text: string, file: string): z.infer<typeof resultsFile> {
  try {
    return resultsFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new DataError('these are no results of an evaluation', {
      file,
      hint: 'Evaluate again, or move the file away to leave it out of the report.',
      cause,
    });
  }
}

/** Results that do not tell their data are taken for those of the run's own. */
function isOther(data: string | undefined, validation: string | undefined): boolean {
  return data !== undefined && validation !== undefined && resolve(data) !== resolve(validation);
}

function told(value: number | boolean | string | undefined): string {
  return value === undefined ? UNKNOWN : String(value);
}
