import { elementCount, type Shape, sameShape } from '../graph/index.js';
import { CheckpointError } from '../support/errors.js';
import type { TensorSource } from './tensor-source.js';

/**
 * How one tensor is made of rows of others. Conversions rename tensors, cut and join them along the outermost
 * dimension, and put the rows of attention heads into another order; none computes anything, so a value is never changed
 * on its way.
 */
export interface TensorPlan {
  name: string;
  shape: number[];
  /** Runs of rows; one after the other they are the tensor. */
  runs: RowRun[];
  /** The rows of each of this many heads are put into another order. */
  heads?: { count: number; order: HeadOrder };
}

/** Rows `start` … `start + count − 1` of a tensor that has `of` rows. */
export interface RowRun {
  source: string;
  start: number;
  count: number;
  of: number;
}

/**
 * Rotary embeddings turn pairs of a head's d rows: neighbours (2j, 2j + 1), or rows of its two halves (j, j + d/2).
 * Moved from one order to the other, the same model works with the other convention.
 */
export type HeadOrder = 'neighbours-to-halves' | 'halves-to-neighbours';

/** The plan of a tensor that is another one as it is. */
export function wholeTensor(name: string, source: string, shape: Shape): TensorPlan {
  const rows = shape[0] ?? 1;
  return { name, shape: [...shape], runs: [{ source, start: 0, count: rows, of: rows }] };
}

/** Where row `row` of a converted head comes from, among its `size` rows. */
function sourceRowOfHead(order: HeadOrder, row: number, size: number): number {
  const half = size / 2;
  return order === 'neighbours-to-halves'
    ? 2 * (row % half) + Math.floor(row / half)
    : Math.floor(row / 2) + (row % 2) * half;
}

export interface SourceRequirements {
  /** Tensors that are left out of the conversion; any other that no plan reads is refused. */
  isIgnored(name: string): boolean;
  /** What to do about a source that does not fit. */
  hint: string;
}

/** @throws CheckpointError if the source lacks a tensor that a plan reads, has it in another shape, or has more than is read */
export function requireSources(
  plans: readonly TensorPlan[],
  source: TensorSource,
  { isIgnored, hint }: SourceRequirements,
): void {
  const read = new Set<string>();
  for (const plan of plans)
    for (const { source: name, of } of plan.runs) {
      read.add(name);
      const wanted = [of, ...plan.shape.slice(1)];
      const found = source.shapes.get(name);
      if (found && sameShape(found, wanted)) continue;
      const what = found ? `is [${found}], and should be [${wanted}]` : 'is missing';
      throw new CheckpointError(`tensor ${name} ${what}`, { file: source.path, field: name, hint });
    }
  const surplus = [...source.shapes.keys()].find((name) => !read.has(name) && !isIgnored(name));
  if (surplus !== undefined)
    throw new CheckpointError(`there is a tensor ${surplus}, which this model does not have`, {
      file: source.path,
      field: surplus,
      hint,
    });
}

/**
 * The values of a planned tensor, in pieces that are good until the next is asked for. Runs of rows that follow each other in a
 * source are read in one pass over it, to its end: only then is it known to be what was saved.
 */
export async function* plannedValues(plan: TensorPlan, source: TensorSource): AsyncGenerator<Float32Array> {
  const rowSize = elementCount(plan.shape.slice(1));
  for (const pass of passes(plan.runs)) {
    const values = selectedRows(source.pieces(pass[0]!.source), pass, rowSize);
    yield* plan.heads ? reordered(values, plan.shape[0]! / plan.heads.count, rowSize, plan.heads.order) : values;
  }
}

/** Runs in groups of one source in which each begins where the one before ends, or later. */
function passes(runs: readonly RowRun[]): RowRun[][] {
  const groups: RowRun[][] = [];
  for (const run of runs) {
    const before = groups.at(-1)?.at(-1);
    if (before?.source === run.source && before.start + before.count <= run.start) groups.at(-1)!.push(run);
    else groups.push([run]);
  }
  return groups;
}

/** What of a tensor's values lies in ascending runs of its rows. */
async function* selectedRows(
  pieces: AsyncIterable<Float32Array>,
  runs: readonly RowRun[],
  rowSize: number,
): AsyncGenerator<Float32Array> {
  let begin = 0;
  for await (const piece of pieces) {
    const end = begin + piece.length;
    for (const { start, count } of runs) {
      const from = Math.max(begin, start * rowSize);
      const until = Math.min(end, (start + count) * rowSize);
      if (from < until) yield piece.subarray(from - begin, until - begin);
    }
    begin = end;
  }
}

/** The rows of each head in another order; one head is in memory at a time. */
async function* reordered(
  pieces: AsyncIterable<Float32Array>,
  rows: number,
  rowSize: number,
  order: HeadOrder,
): AsyncGenerator<Float32Array> {
  const headElements = rows * rowSize;
  const head = new Float32Array(headElements);
  const result = new Float32Array(headElements);
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + headElements - filled);
      head.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < headElements) continue;
      for (let row = 0; row < rows; row++) {
        const from = sourceRowOfHead(order, row, rows) * rowSize;
        result.set(head.subarray(from, from + rowSize), row * rowSize);
      }
      filled = 0;
      yield result;
    }
  }
}
