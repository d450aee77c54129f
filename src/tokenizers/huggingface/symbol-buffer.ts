const INITIAL = 1 << 10;
const KEPT = 1 << 20;

/** Room for the symbols of one word. */
export class SymbolBuffer {
  values = new Int32Array(INITIAL);

  /** The buffer, with room for `count` symbols or more; what it held is lost. */
  reserve(count: number): Int32Array {
    if (count > KEPT) this.values = new Int32Array(count);
    else if (count > this.values.length) this.values = new Int32Array(2 ** Math.ceil(Math.log2(count)));
    return this.values;
  }

  /** Gives back the memory of an extraordinarily long word. */
  release(): void {
    if (this.values.length > KEPT) this.values = new Int32Array(INITIAL);
  }
}
