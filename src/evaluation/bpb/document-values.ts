/** A value for each document, in order: all that intervals need to be kept in memory, eight bytes a document. */
export class DocumentValues {
  private values = new Float64Array(1024);
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(value: number): void {
    if (this.count === this.values.length) {
      const larger = new Float64Array(2 * this.count);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count++] = value;
  }

  /** Values of the documents `from` ≤ index < `to`, without a copy; valid until the next `push`. */
  slice(from = 0, to: number = this.count): Float64Array {
    return this.values.subarray(from, to);
  }
}
