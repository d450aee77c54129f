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

/** The values of a planned tensor, in pieces. Each source is read once for consecutive runs of it. */
export async function* plannedValues(plan: TensorPlan, source: TensorSource): AsyncGenerator<Float32Array> {
  const rowSize = elementCount(plan.shape.slice(1));
  let read: string | null = null;
  let values: Float32Array = new Float32Array(0);
  for (const { source: name, start, count } of plan.runs) {
    if (read !== name) {
      // Lets go of the one before: two large tensors would be in memory at a time.
      values = new Float32Array(0);
      values = await source.read(name);
      read = name;
    }
    const rows = values.subarray(start * rowSize, (start + count) * rowSize);
    yield plan.heads ? reordered(rows, rowSize, plan.heads) : rows;
  }
}

function reordered(
  rows: Float32Array,
  rowSize: number,
  { count, order }: NonNullable<TensorPlan['heads']>,
): Float32Array {
  const result = new Float32Array(rows.length);
  const size = rows.length / rowSize / count;
  for (let head = 0; head < count; head++)
    for (let row = 0; row < size; row++) {
      const from = (head * size + sourceRowOfHead(order, row, size)) * rowSize;
      result.set(rows.subarray(from, from + rowSize), (head * size + row) * rowSize);
    }
  return result;
}
