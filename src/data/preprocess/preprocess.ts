import type { CompressorDescriptor } from '../../plugins/compressor-instance.js';
import { DataError, UsageError } from '../../support/errors.js';
import { type CodeField, describeInput, type FinishedShard, type PreprocessPlan } from './manifest.js';
import type {
  CompressorReport,
  DatasetReport,
  PreprocessOptions,
  PreprocessReport,
  PreprocessTarget,
} from './options.js';
import { requireDifferentFields, requireDifferentStems } from './plan.js';
import { PreprocessProgressSum } from './progress.js';
import { type EncodingTimes, type ShardsReport, writeShards } from './shards.js';
import { checkShards } from './verify.js';
import { WorkerPool } from './worker-pool.js';
import { Workplace } from './workplace.js';

/**
 * Writes datasets again with the codes of compressors added to every record, each into a folder of its own, by several
 * threads. What an earlier run of the same plan finished is kept; several processes may share the work.
 *
 * @throws DataError for input that is missing, damaged or has bad records; CompressorError for documents that a
 *   compressor cannot represent, or codes that stand for another text; ConfigError for compressors that cannot be used
 *   together; OutputError for outputs that are something else, begun otherwise, in use, or cannot be written; the reason
 *   of `signal` when it is aborted. Finished shards stay then, and the next run goes on.
 */
export async function preprocess(options: PreprocessOptions): Promise<PreprocessReport> {
  const { targets, compressors, part, force } = options;
  if (force && part.count > 1)
    throw new UsageError('one of several processes cannot begin anew: it would delete what the others have written', {
      hint: 'Delete the output, or run once with --force and without --shard-count.',
    });
  const started = performance.now();
  const pool = await WorkerPool.open(options.workers, compressors, options.log);
  const times: EncodingTimes = new Map(compressors.map(({ name }) => [name, { bytes: 0, milliseconds: 0 }]));
  const datasets: DatasetReport[] = [];
  const finished: FinishedShard[] = [];
  let codes: CodeField[];
  try {
    codes = await codeFields(compressors, pool);
    const plans = await Promise.all(targets.map((target) => planOf(target, codes, options)));
    const progress = new PreprocessProgressSum(plans, part, options.progress);
    for (const [i, target] of targets.entries()) {
      const { report, shards } = await preprocessDataset(target, plans[i]!, pool, times, progress, options);
      datasets.push(report);
      finished.push(...shards);
    }
  } catch (error) {
    // What failed first is what the user must hear of.
    await pool.close().catch(() => {});
    throw error;
  }
  await pool.close();
  const seconds = (performance.now() - started) / 1000;
  return { datasets, compressors: codes.map((code) => summarise(code, finished, times)), seconds };
}

/**
 * What each compressor writes, to be compared with what was written before.
 *
 * @throws ConfigError if two of them write the same field
 */
async function codeFields(compressors: readonly CompressorDescriptor[], pool: WorkerPool): Promise<CodeField[]> {
  const identities = await pool.identify();
  const codes = compressors.map(({ name, options }, i) => ({ compressor: name, ...identities[i]!, options }));
  requireDifferentFields(codes);
  return codes;
}

async function planOf(
  { input }: PreprocessTarget,
  codes: CodeField[],
  { format, shardBytes }: PreprocessOptions,
): Promise<PreprocessPlan> {
  const files = await describeInput(input);
  requireDifferentStems(files, input);
  return { version: 1, input: files, codes, format, shardBytes };
}

async function preprocessDataset(
  target: PreprocessTarget,
  plan: PreprocessPlan,
  pool: WorkerPool,
  times: EncodingTimes,
  progress: PreprocessProgressSum,
  options: PreprocessOptions,
): Promise<{ report: DatasetReport; shards: FinishedShard[] }> {
  const place = await Workplace.open(target.output, plan, options);
  try {
    const repaired = await checkShards(place, pool, options);
    const written = await writeShards(target.input, place, pool, times, progress, options);
    if (options.part.count === 1) requireDocuments(place.finished, target.input);
    const manifest = await place.merge();
    const shards = manifest?.files ?? place.finished;
    return { report: reportOf(target, manifest !== null, shards, repaired, written), shards };
  } finally {
    await place.close();
  }
}

/** @throws DataError if there were records, and every one of them was left out */
function requireDocuments(shards: readonly FinishedShard[], file: string): void {
  const skipped = shards.reduce((sum, shard) => sum + shard.skipped, 0);
  if (skipped === 0 || shards.some(({ documents, empty }) => documents + empty > 0)) return;
  throw new DataError(`none of its ${skipped} records can be used: nothing would be left of the dataset`, {
    file,
    hint: 'Run once without --on-bad-record skip to see what is wrong with them.',
  });
}

function reportOf(
  { input, output }: PreprocessTarget,
  complete: boolean,
  shards: readonly FinishedShard[],
  repaired: number,
  { written }: ShardsReport,
): DatasetReport {
  const sum = (count: (shard: FinishedShard) => number) => shards.reduce((total, shard) => total + count(shard), 0);
  return {
    input,
    output,
    complete,
    written,
    kept: shards.length - written,
    repaired,
    documents: sum(({ documents }) => documents),
    empty: sum(({ empty }) => empty),
    skipped: sum(({ skipped }) => skipped),
    textBytes: sum(({ textBytes }) => textBytes),
    verified: shards.every(({ verified }) => verified),
  };
}

function summarise(
  { compressor, field }: CodeField,
  shards: readonly FinishedShard[],
  times: EncodingTimes,
): CompressorReport {
  const { bytes: encoded, milliseconds } = times.get(compressor)!;
  const bytes = shards.reduce((sum, { textBytes }) => sum + textBytes, 0);
  const symbols = shards.reduce((sum, shard) => sum + (shard.symbols[compressor] ?? 0), 0);
  return {
    name: compressor,
    field,
    documents: shards.reduce((sum, { documents }) => sum + documents, 0),
    bytes,
    symbols,
    bytesPerSymbol: symbols === 0 ? null : bytes / symbols,
    megabytesPerSecondPerThread: encoded === 0 ? null : encoded / 1000 / milliseconds,
  };
}
