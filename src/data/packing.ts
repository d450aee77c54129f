/**
 * Packs documents end to end into sequences of N + views − 1 symbols (behaviour §1.7). Documents straddle sequences,
 * nothing is padded, and the last views − 1 symbols of a sequence are the first of the next, so that input columns are
 * contiguous and no symbol is lost.
 *
 * Crops share nothing: each sequence begins anew.
 */
export class SequencePacker {
  private readonly buffer: Int32Array;
  private filled = 0;

  /**
   * @param sequenceLength N, symbols that the model reads
   * @param views one input column and views − 1 label columns
   * @param shared symbols that a sequence has in common with the one before
   */
  constructor(
    sequenceLength: number,
    views: number,
    private readonly shared: number = views - 1,
  ) {
    this.buffer = new Int32Array(sequenceLength + views - 1);
  }

  get isFull(): boolean {
    return this.filled === this.buffer.length;
  }

  /** Appends ids from index `start` on, as many as there is room for; returns the index of the first that did not fit. */
  append(ids: Int32Array, start = 0): number {
    const end = Math.min(ids.length, start + this.buffer.length - this.filled);
    this.buffer.set(ids.subarray(start, end), this.filled);
    this.filled += end - start;
    return end;
  }

  /** Copies the full sequence to `target` and begins the next one. */
  take(target: Int32Array): void {
    if (!this.isFull) throw new RangeError('the sequence is not full');
    target.set(this.buffer);
    this.buffer.copyWithin(0, this.buffer.length - this.shared);
    this.filled = this.shared;
  }

  /** Symbols of the sequence in progress; after `take`, those that it shares with the one before. */
  pending(): number[] {
    return Array.from(this.buffer.subarray(0, this.filled));
  }

  restore(pending: readonly number[]): void {
    this.buffer.set(pending);
    this.filled = pending.length;
  }
}
