import type { PreprocessPlan } from './manifest.js';
import type { Part, PreprocessOptions } from './options.js';
import { filesOfPart } from './plan.js';

/** How far a run is, over all its datasets. */
export class PreprocessProgressSum {
  private done = 0;
  /** Known where records are not compressed. */
  private readonly total: number | undefined;

  constructor(
    plans: readonly PreprocessPlan[],
    part: Part,
    private readonly show: PreprocessOptions['progress'],
  ) {
    const files = plans.flatMap(({ input }) => filesOfPart(input, part));
    const plain = files.every(({ name }) => name.endsWith('.jsonl'));
    this.total = plain ? files.reduce((sum, { bytes }) => sum + bytes, 0) : undefined;
  }

  /** @param bytes of records that are done, or need not be done again */
  add(bytes: number): void {
    this.done += bytes;
    this.show?.({ done: this.done, ...(this.total !== undefined && { total: this.total }) });
  }
}
