/** Boxes of whole numbers within a tensor, and how one lies in another. */

export interface Region {
  /** Index of its first element in each dimension, and how many there are; as many numbers as the tensor has dimensions. */
  offset: readonly number[];
  shape: readonly number[];
}

/** The same elements, consecutive in two row-major regions; in elements from the beginning of each. */
export interface Run {
  source: number;
  target: number;
  length: number;
}

/** Where the elements that two regions of a tensor share stand in both, in the order of the source, in runs as long as can be. */
export function* sharedRuns(source: Region, target: Region): Generator<Run> {
  const rank = source.shape.length;
  const low = source.offset.map((start, axis) => Math.max(start, target.offset[axis]!));
  const size = low.map((start, axis) => Math.min(endOf(source, axis), endOf(target, axis)) - start);
  if (size.some((count) => count <= 0)) return;
  // Dimensions behind this one are whole in both regions, so their elements follow each other.
  let axis = Math.max(0, rank - 1);
  while (axis > 0 && size[axis] === source.shape[axis] && size[axis] === target.shape[axis]) axis--;
  const length = product(size.slice(axis));
  const sourceStrides = stridesOf(source.shape);
  const targetStrides = stridesOf(target.shape);
  const index = low.slice();
  const place = ({ offset }: Region, strides: readonly number[]) =>
    index.reduce((sum, at, dimension) => sum + (at - offset[dimension]!) * strides[dimension]!, 0);
  for (;;) {
    yield { source: place(source, sourceStrides), target: place(target, targetStrides), length };
    let outer = axis - 1;
    while (outer >= 0 && index[outer] === low[outer]! + size[outer]! - 1) {
      index[outer] = low[outer]!;
      outer--;
    }
    if (outer < 0) return;
    index[outer]!++;
  }
}

export function overlap(a: Region, b: Region): boolean {
  return a.offset.every((start, axis) => start < endOf(b, axis) && b.offset[axis]! < endOf(a, axis));
}

export function isInside({ offset, shape }: Region, globalShape: readonly number[]): boolean {
  return (
    shape.length === globalShape.length &&
    offset.length === globalShape.length &&
    globalShape.every((size, axis) => offset[axis]! >= 0 && shape[axis]! >= 0 && offset[axis]! + shape[axis]! <= size)
  );
}

/** The dimensions in which a tensor is cut, somewhere, by the regions. */
export function cutAxes(regions: readonly Region[], globalShape: readonly number[]): number[] {
  return [...globalShape.keys()].filter((axis) => regions.some(({ shape }) => shape[axis] !== globalShape[axis]));
}

/**
 * Whether regions inside a tensor hold each of its elements exactly once.
 *
 * How often an element is held is a function on the grid; its mixed difference is not zero only at corners of the
 * regions, where it is the sum of their signs: − for every end, + for every beginning among a corner's coordinates. A
 * function and its differences determine each other, so the regions are the tensor if these sums are those of the tensor
 * itself. That takes 2^k corners a region for k cut dimensions, where comparing all pairs would be quadratic.
 */
export function tilesExactly(regions: readonly Region[], globalShape: readonly number[]): boolean {
  const axes = cutAxes(regions, globalShape);
  const sums = new Map<string, number>();
  const add = (region: Region, sign: number): void => {
    if (region.shape.includes(0)) return;
    for (let corner = 0; corner < 2 ** axes.length; corner++) {
      let cornerSign = sign;
      const at = axes.map((axis, bit) => {
        if (((corner >> bit) & 1) === 0) return region.offset[axis]!;
        cornerSign = -cornerSign;
        return endOf(region, axis);
      });
      const key = at.join();
      const sum = (sums.get(key) ?? 0) + cornerSign;
      if (sum === 0) sums.delete(key);
      else sums.set(key, sum);
    }
  };
  add({ offset: globalShape.map(() => 0), shape: globalShape }, -1);
  for (const region of regions) add(region, 1);
  return sums.size === 0;
}

function endOf({ offset, shape }: Region, axis: number): number {
  return offset[axis]! + shape[axis]!;
}

/** Elements between neighbours in each dimension of a row-major region. */
function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => product(shape.slice(axis + 1)));
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}
