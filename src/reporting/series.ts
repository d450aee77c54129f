/** A figure of a run over its course, thinned out so that a report of a long run is no larger than that of a short one. */
export interface Point {
  /** Optimizer steps, symbols and bytes of text that the run had trained on; NaN where it did not tell. */
  step: number;
  symbols: number;
  bytes: number;
  value: number;
}

/** The ways to measure how far a run is. */
export const PROGRESS_AXES = ['step', 'symbols', 'bytes'] as const;
export type ProgressAxis = (typeof PROGRESS_AXES)[number];

interface Bucket {
  sum: Point;
  count: number;
}

/** Points that are kept of one figure; between this and half of it once there are as many. */
const CAPACITY = 400;

/**
 * Keeps a bounded number of points of a stream whose length is not known: each is the mean of as many neighbouring
 * ones, and whenever there are too many, neighbours are joined in pairs.
 */
export class SeriesBuilder {
  private buckets: Bucket[] = [];
  private width = 1;

  constructor(private readonly capacity = CAPACITY) {}

  add(point: Point): void {
    const last = this.buckets.at(-1);
    if (last && last.count < this.width) {
      this.buckets[this.buckets.length - 1] = joined(last, { sum: point, count: 1 });
      return;
    }
    if (this.buckets.length === this.capacity) {
      this.buckets = pairs(this.buckets).map(([first, second]) => (second ? joined(first, second) : first));
      this.width *= 2;
    }
    this.buckets.push({ sum: point, count: 1 });
  }

  /** The means, in order. */
  points(): Point[] {
    return this.buckets.map(({ sum, count }) => ({
      step: sum.step / count,
      symbols: sum.symbols / count,
      bytes: sum.bytes / count,
      value: sum.value / count,
    }));
  }
}

function joined(a: Bucket, b: Bucket): Bucket {
  const sum = {
    step: a.sum.step + b.sum.step,
    symbols: a.sum.symbols + b.sum.symbols,
    bytes: a.sum.bytes + b.sum.bytes,
    value: a.sum.value + b.sum.value,
  };
  return { sum, count: a.count + b.count };
}

function pairs<T>(items: readonly T[]): [T, T | undefined][] {
  return Array.from({ length: Math.ceil(items.length / 2) }, (_, i) => [items[2 * i]!, items[2 * i + 1]]);
}

/** A centred moving mean over `share` of the points, for curves that jump from batch to batch. */
export function smoothed(points: readonly Point[], share = 0.05): Point[] {
  const reach = Math.floor((points.length * share) / 2);
  return points.map((point, index) => {
    const width = Math.min(reach, index, points.length - 1 - index);
    const around = points.slice(index - width, index + width + 1);
    return { ...point, value: around.reduce((sum, { value }) => sum + value, 0) / around.length };
  });
}
