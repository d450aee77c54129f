import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { checkpointName } from '../../checkpoints/layout.js';
import { openCropWindows } from '../../data/crops.js';
import { writeDirectoryAtomic } from '../../support/atomic-files.js';
import { writeFileDurably } from '../../support/durable-files.js';
import { DataError } from '../../support/errors.js';
import { exists, systemErrorCode } from '../../support/output-failures.js';
import { type DirectoryKind, requireReplaceable } from '../../support/replaceable-directory.js';
import { removeStaleTemporaries } from '../../support/temporaries.js';
import { DocumentsWriter } from './documents-file.js';
import type { BpbOptions } from './options.js';
import { type BpbResults, DOCUMENTS_FILE, RESULTS_FILE } from './results.js';

/** The directory that one evaluation leaves: `val_results.json` and `bpb_documents.jsonl`. */
const RESULTS: DirectoryKind = {
  content: 'results of an evaluation',
  isOneOf: holdsResults,
  hint: 'Choose another path with -o.',
};

/**
 * Refuses a place that results may not take, before anything is computed.
 *
 * @throws OutputError if something stands there and `force` is false, or it holds other things than results
 */
export function requireFreeResultsDirectory(path: string, force: boolean): Promise<void> {
  return requireReplaceable(path, force, RESULTS);
}

/**
 * Makes a directory of results; it has its name only when it is complete.
 *
 * @param evaluate gets the writer of the documents' lines
 * @throws OutputError if it cannot be written, or exists and `force` is false; what `evaluate` throws
 */
export async function writeResultsDirectory(
  path: string,
  force: boolean,
  evaluate: (documents: DocumentsWriter) => Promise<BpbResults>,
): Promise<BpbResults> {
  await requireFreeResultsDirectory(path, force);
  await removeStaleTemporaries(dirname(path));
  let results: BpbResults | null = null;
  await writeDirectoryAtomic(
    path,
    async (temporary) => {
      const documents = await DocumentsWriter.create(join(temporary, DOCUMENTS_FILE));
      try {
        results = await evaluate(documents);
        await documents.finish();
      } finally {
        await documents.close();
      }
      await writeFileDurably(join(temporary, RESULTS_FILE), `${JSON.stringify(results, null, 2)}\n`);
    },
    { replace: force },
  );
  return results!;
}

/** @throws DataError if the directory holds no results, or they are not ours */
export async function readResults(directory: string): Promise<BpbResults> {
  const file = join(directory, RESULTS_FILE);
  const hint = 'Name a directory that `pc eval bpb` wrote, or a checkpoint.';
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (systemErrorCode(cause) === undefined) throw cause;
    throw new DataError('there are no results of an evaluation here', { file, hint, cause });
  }
  const results = parse(text);
  if (results === null) throw new DataError('these are not results of `pc eval bpb`', { file, hint });
  return results;
}

/**
 * Where the results of a checkpoint go unless told otherwise: `<run>/evaluations/<step>-raw`, with what was asked of the
 * windows in the name, so that evaluations that differ do not meet. For a checkpoint in no run it is `evaluations/` beside
 * it, where its own name goes before the step: two models that were imported have the same step.
 *
 * @param checkpoint its directory, `<run>/checkpoints/<step>` or any other
 * @param data what is evaluated on; in the name where it is not `ownData`
 * @param ownData the run's validation data; null: it has none
 */
export function defaultResultsDirectory(
  checkpoint: string,
  step: number,
  options: BpbOptions,
  { data, ownData }: { data: string; ownData: string | null },
): string {
  const path = resolve(checkpoint);
  const isInRun = basename(dirname(path)) === 'checkpoints';
  const run = join(checkpoint, isInRun ? '../..' : '..');
  const name = checkpointName(step);
  const own = isInRun || basename(path) === name ? name : `${basename(path)}-${name}`;
  const { rawOnly, context, contextBytes, stride, documentMask, crops, cropsAt } = options;
  const asked: [string, number | boolean | null][] = [
    ['context', context],
    ['bytes', contextBytes],
    ['stride', stride],
    ['mask', documentMask],
  ];
  const suffixes = asked.flatMap(([name, value]) => (value === null ? [] : [`${name}-${value}`]));
  if (crops) suffixes.push('crops');
  if (cropsAt !== null) suffixes.push(`at-${nameOfPath(cropsAt)}`);
  if (ownData === null || !isSamePath(data, ownData)) suffixes.push(`data-${nameOfPath(data)}`);
  return join(run, 'evaluations', [own, rawOnly ? 'raw' : 'training', ...suffixes].join('-'));
}

/** What must agree for results that exist to be those of an evaluation that is asked for. */
export interface WantedResults {
  checkpoint: { path: string; step: number };
  data: string;
  onBadRecord: 'fail' | 'skip';
  options: BpbOptions;
  /** What the options stand for where they say nothing. */
  trained: { batch: { sequenceLength: number }; loss: { documentMask: boolean } };
}

/**
 * Results that exist for an evaluation, or else a free place for them: the directory itself, or its name with a number
 * where that holds results of other conditions.
 *
 * @throws DataError if results are damaged; CodebookError for a codebook of crops that cannot be read; OutputError if something else stands there
 */
export async function findResults(
  directory: string,
  wanted: WantedResults,
): Promise<{ directory: string; results: BpbResults | null }> {
  const { cropsAt } = wanted.options;
  const windows = cropsAt === null ? null : (await openCropWindows(cropsAt)).fingerprint;
  for (let number = 1; ; number++) {
    const path = number === 1 ? directory : `${directory}-${number}`;
    if (!(await holdsResults(path))) return { directory: path, results: null };
    const results = await readResults(path);
    if (isWanted(results, wanted) && (results.conditions.crops_at ?? null) === windows)
      return { directory: path, results };
  }
}

function isWanted({ conditions, model }: BpbResults, wanted: WantedResults): boolean {
  const { checkpoint, options, trained } = wanted;
  return (
    model.step === checkpoint.step &&
    isSamePath(model.checkpoint, checkpoint.path) &&
    isSamePath(conditions.data, wanted.data) &&
    (conditions.skipped_records === 0 || wanted.onBadRecord === 'skip') &&
    conditions.representation.raw_only === options.rawOnly &&
    conditions.context_bytes_wanted === options.contextBytes &&
    (options.contextBytes !== null || conditions.context === (options.context ?? trained.batch.sequenceLength)) &&
    // Results of earlier versions do not say, and knew no crops.
    Boolean(conditions.crops) === options.crops &&
    conditions.stride === (options.stride ?? conditions.context) &&
    conditions.document_mask === (options.documentMask ?? trained.loss.documentMask)
  );
}

/** A readable part of a file name; its digest tells apart what has the same name in different folders. */
function nameOfPath(place: string): string {
  const path = resolve(place);
  const digest = createHash('sha256').update(path).digest('hex').slice(0, 8);
  return `${basename(path)
    .replace(/[^\w.-]+/g, '_')
    .slice(0, 40)}-${digest}`;
}

function isSamePath(a: string, b: string): boolean {
  return resolve(a) === resolve(b);
}

/** Whether a directory holds the results of an evaluation. */
export function holdsResults(directory: string): Promise<boolean> {
  return exists(join(directory, RESULTS_FILE));
}

function parse(text: string): BpbResults | null {
  try {
    const json = JSON.parse(text) as Partial<BpbResults> | null;
    const complete = typeof json?.bits_per_byte === 'number' && json.conditions && json.model && json.sources;
    return complete ? (json as BpbResults) : null;
  } catch {
    return null;
  }
}
