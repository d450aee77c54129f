/** Alphabets up to this size have a flag for each symbol, larger ones a set of those that occurred. */
const LARGEST_FLAGGED = 1 << 22;

/** Counts the different symbols among those that it is shown. */
export class DistinctSymbols {
  private readonly flags: Uint8Array | null;
  private readonly set = new Set<number>();
  private flagged = 0;

  constructor(alphabetSize: number) {
    this.flags = alphabetSize <= LARGEST_FLAGGED ? new Uint8Array(alphabetSize) : null;
  }

  add(symbols: Uint32Array): void {
    const { flags } = this;
    if (flags === null) {
      for (const symbol of symbols) this.set.add(symbol);
      return;
    }
    for (let i = 0; i < symbols.length; i++) {
      const symbol = symbols[i]!;
      if (flags[symbol] === 0) {
        flags[symbol] = 1;
        this.flagged++;
      }
    }
  }

  get count(): number {
    return this.flags === null ? this.set.size : this.flagged;
  }
}
