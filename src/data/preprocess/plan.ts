import { basename } from 'node:path';
import { ConfigError, DataError, OutputError } from '../../support/errors.js';
import { formatEnding } from '../data-files.js';
import type { CodeField, InputFile, PreprocessPlan } from './manifest.js';
import type { Part, ShardFormat } from './options.js';

/** Digits of the number of a shard that continues a file; more sort wrongly, but are read all the same. */
const DIGITS = 4;

/** Name of a shard: the stem of the file that it comes from. What continues the file has a number after an underscore. */
export function shardName(input: string, piece: number, format: ShardFormat): string {
  const stem = stemOf(input);
  return `${stem}${piece === 1 ? '' : `_${String(piece).padStart(DIGITS, '0')}`}.${format}`;
}

/** A file's name without the ending of its format. */
export function stemOf(input: string): string {
  const name = basename(input);
  return name.slice(0, name.length - formatEnding(name).length);
}

/** @throws DataError if two files of the input would become the same shard */
export function requireDifferentStems(input: readonly InputFile[], folder: string): void {
  const names = new Map<string, string>();
  for (const { name } of input) {
    const other = names.get(stemOf(name));
    if (other !== undefined)
      throw new DataError(`${other} and ${name} would become the same shard`, {
        file: folder,
        hint: 'Rename one of them, or preprocess them into different folders.',
      });
    names.set(stemOf(name), name);
  }
}

/** @throws ConfigError if two compressors write the same field of a record */
export function requireDifferentFields(codes: readonly CodeField[]): void {
  const owners = new Map<string, string>();
  for (const { compressor, field, sideField } of codes)
    for (const name of [field, ...(sideField === undefined ? [] : [sideField])]) {
      const owner = owners.get(name);
      if (owner !== undefined)
        throw new ConfigError(
          owner === compressor
            ? `the compressor ${owner} is named twice`
            : `the compressors ${owner} and ${compressor} both write the field ${name}`,
          { field: 'compressor', hint: 'Run `pc preprocess` once for each, into different folders.' },
        );
      owners.set(name, compressor);
    }
}

/**
 * The files of the input that a part reads: the largest first, each to the part that has least so far, so that parts
 * take about as long. Every file belongs to one part, the same in every process.
 */
export function filesOfPart(input: readonly InputFile[], { index, count }: Part): InputFile[] {
  const parts = new PartLoads(count);
  const bySize = [...input].sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
  const mine = new Set<InputFile>();
  // A file costs something even if it is empty.
  for (const file of bySize) if (parts.give(file.bytes + 1) === index) mine.add(file);
  return input.filter((file) => mine.has(file));
}

/** Parts and what each has so far, as a binary heap: the one that has least, of several the first, is at its root. */
class PartLoads {
  private readonly heap: { part: number; load: number }[];

  constructor(count: number) {
    this.heap = Array.from({ length: count }, (_, part) => ({ part, load: 0 }));
  }

  /** Gives more to the part that has least, and says which it is. */
  give(more: number): number {
    const { heap } = this;
    const moved = heap[0]!;
    moved.load += more;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && comesBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!comesBefore(heap[child]!, moved)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moved;
    return moved.part;
  }
}

function comesBefore(a: { part: number; load: number }, b: { part: number; load: number }): boolean {
  return a.load < b.load || (a.load === b.load && a.part < b.part);
}

/**
 * Refuses to go on with an output that was begun with other options. The input may have changed since: what is of other
 * files stays as it is.
 *
 * @throws OutputError naming what differs, then and now
 */
export function requireSamePlan(begun: PreprocessPlan, wanted: PreprocessPlan, output: string): void {
  const difference = planDifference(begun, wanted);
  if (difference === null) return;
  const { what, before, now } = difference;
  throw new OutputError(`${output} was begun with another ${what}: ${before}, now ${now}`, {
    file: output,
    hint: 'Choose another output, run it as before, or make it anew with --force.',
  });
}

/** Names of the files that were as they are now. */
export function unchangedFiles(before: readonly InputFile[], now: readonly InputFile[]): Set<string> {
  const old = new Map(before.map((file) => [file.name, JSON.stringify(file)]));
  return new Set(now.filter((file) => old.get(file.name) === JSON.stringify(file)).map(({ name }) => name));
}

interface Difference {
  what: string;
  before: string;
  now: string;
}

function planDifference(begun: PreprocessPlan, wanted: PreprocessPlan): Difference | null {
  const names = ({ codes }: PreprocessPlan) => codes.map(({ compressor }) => compressor).join(', ');
  const compared: Difference[] = [
    { what: 'set of compressors', before: names(begun), now: names(wanted) },
    ...wanted.codes.map((code, i) => ({
      what: `fingerprint of ${code.compressor}`,
      before: begun.codes[i]?.fingerprint ?? '',
      now: code.fingerprint,
    })),
    { what: 'format', before: begun.format, now: wanted.format },
    { what: 'size of shards', before: String(begun.shardBytes), now: String(wanted.shardBytes) },
  ];
  return compared.find(({ before, now }) => before !== now) ?? null;
}

/** The first file in which two descriptions of a dataset differ; equal texts where none does. */
export function inputDifference(before: readonly InputFile[], now: readonly InputFile[]): Difference {
  const what = 'input';
  const length = Math.max(before.length, now.length);
  for (let i = 0; i < length; i++) {
    const [old, current] = [before[i], now[i]];
    if (JSON.stringify(old) === JSON.stringify(current)) continue;
    return { what, before: describeFile(old), now: describeFile(current) };
  }
  return { what, before: '', now: '' };
}

function describeFile(file: InputFile | undefined): string {
  if (file === undefined) return 'no such file';
  const checksum = file.sha256 === undefined ? '' : `, SHA-256 ${file.sha256.slice(0, 12)}…`;
  return `${file.name} of ${file.bytes} bytes${checksum}`;
}
