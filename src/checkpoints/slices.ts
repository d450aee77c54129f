import { type DType, elementCount, type HostTensor, sameShape } from '../graph/tensor.js';
import { cutAxes, isInside, type Region, tilesExactly } from './regions.js';

/**
 * A tensor, or a part of one, as it enters and leaves a checkpoint; the same form as a session's `StateSlice`, so
 * that snapshots are saved and loaded as they are. Processes that share a tensor each save their part of it.
 */
export interface TensorSlice {
  name: string;
  dtype: DType;
  globalShape: number[];
  /** Where `tensor` begins within the global shape, one number a dimension. */
  offset: number[];
  tensor: HostTensor;
}

/** A slice without its bytes. */
export interface Placement extends Region {
  name: string;
  dtype: DType;
  globalShape: readonly number[];
}

export function placementOf({ name, dtype, globalShape, offset, tensor }: TensorSlice): Placement {
  return { name, dtype, globalShape, offset, shape: tensor.shape };
}

export function isWhole({ globalShape, shape }: Placement): boolean {
  return sameShape(globalShape, shape);
}

/** The name of a slice in its file: that of the tensor, with the offset if it is only a part. */
export function storedName(placement: Placement): string {
  return isWhole(placement) ? placement.name : `${placement.name}@${placement.offset.join(',')}`;
}

/** Parts of at most `maxBytes`, cut along the outermost dimension; a row that is larger stays whole. No copies. */
export function* splitByRows(slice: TensorSlice, maxBytes: number): Generator<TensorSlice> {
  const { shape, bytes } = slice.tensor;
  const rows = shape[0] ?? 1;
  if (bytes.byteLength <= maxBytes || rows <= 1) {
    yield slice;
    return;
  }
  const rowBytes = bytes.byteLength / rows;
  const step = Math.max(1, Math.floor(maxBytes / rowBytes));
  for (let row = 0; row < rows; row += step) {
    const count = Math.min(step, rows - row);
    yield {
      ...slice,
      offset: [slice.offset[0]! + row, ...slice.offset.slice(1)],
      tensor: {
        ...slice.tensor,
        shape: [count, ...shape.slice(1)],
        bytes: bytes.subarray(row * rowBytes, (row + count) * rowBytes),
      },
    };
  }
}

/** Meshes of devices have two or three dimensions; more cuts would only make a hostile file expensive to check. */
const MOST_CUT_AXES = 6;

/** What is wrong with the slices of one tensor, or undefined if together they are exactly that tensor. */
export function tilingProblem(slices: readonly Placement[]): string | undefined {
  const { name, dtype, globalShape } = slices[0]!;
  for (const slice of slices) {
    if (slice.dtype !== dtype || !sameShape(slice.globalShape, globalShape)) {
      return `slices of ${name} disagree about its type or shape`;
    }
    if (!isInside(slice, globalShape)) return `a slice of ${name} lies outside of it`;
  }
  const elements = slices.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  if (elements < elementCount(globalShape)) return `a part of ${name} is missing`;
  if (cutAxes(slices, globalShape).length > MOST_CUT_AXES) {
    return `${name} is cut along more than ${MOST_CUT_AXES} dimensions`;
  }
  return tilesExactly(slices, globalShape) ? undefined : `slices of ${name} overlap`;
}
