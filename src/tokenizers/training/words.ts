/** Between two words. */
const BOUNDARY = -0x8000_0000;
/** A cell inside a symbol whose content means nothing any more. */
const INSIDE = -1;
/** Cells that share one entry of the index from cells to words, as a power of two. */
const INDEX_SHIFT = 4;

/**
 * The words of a corpus, each with the number of its occurrences, as sequences of symbols whose neighbours can be merged.
 *
 * All stand in one array. A symbol of span 1 is its id in one cell. One that was merged from s cells has its id in the first
 * and −s in the second and the last, so that both neighbours are found in constant time. A symbol is named by its first cell,
 * which stays the same while it grows to the right.
 */
export class Words {
  private cells = new Int32Array(1 << 16).fill(BOUNDARY, 0, 1);
  private used = 1;
  private starts = new Float64Array(1 << 12);
  private counts = new Float64Array(1 << 12);
  private number = 0;
  private index: Uint32Array | null = null;

  /** Words of at least two symbols; others have nothing to merge and are not kept. */
  get length(): number {
    return this.number;
  }

  /** Adds the word `symbols[from … to)`; not after the first `countAt`. @param count how often it occurs */
  append(symbols: ArrayLike<number>, from: number, to: number, count: number): void {
    if (to - from < 2) return;
    this.reserve(to - from);
    this.starts[this.number] = this.used;
    this.counts[this.number++] = count;
    for (let i = from; i < to; i++) this.cells[this.used++] = symbols[i]!;
    this.cells[this.used++] = BOUNDARY;
  }

  /** Calls `visit` for each pair of neighbours, in order. `left` is the place of the first. */
  forEachPair(visit: (first: number, second: number, left: number, count: number) => void): void {
    const { cells } = this;
    for (let word = 0; word < this.number; word++) {
      const count = this.counts[word]!;
      for (let left = this.starts[word]!, right = this.next(left); right >= 0; left = right, right = this.next(left))
        visit(cells[left]!, cells[right]!, left, count);
    }
  }

  /** The id of the symbol at a place; negative if none begins there any more. */
  at(place: number): number {
    return this.cells[place]!;
  }

  /** The place of the symbol after one; −1 at the end of the word. */
  next(place: number): number {
    const after = place + this.span(place);
    return this.cells[after] === BOUNDARY ? -1 : after;
  }

  /** The place of the symbol before one; −1 at the beginning of the word. */
  previous(place: number): number {
    const before = this.cells[place - 1]!;
    if (before === BOUNDARY) return -1;
    return before < 0 ? place + before : place - 1;
  }

  /** Makes one symbol of two neighbours. */
  merge(left: number, right: number, id: number): void {
    const span = right - left + this.span(right);
    this.cells[right] = INSIDE;
    this.cells[left] = id;
    this.cells[left + 1] = -span;
    this.cells[left + span - 1] = -span;
  }

  /** How often the word occurs that a place is in. */
  countAt(place: number): number {
    this.index ??= this.makeIndex();
    let word = this.index[place >>> INDEX_SHIFT]!;
    while (word + 1 < this.number && this.starts[word + 1]! <= place) word++;
    return this.counts[word]!;
  }

  private span(place: number): number {
    const marker = this.cells[place + 1]!;
    return marker < 0 && marker !== BOUNDARY ? -marker : 1;
  }

  /** For each run of cells, the word that its first cell is in. */
  private makeIndex(): Uint32Array {
    const index = new Uint32Array((this.used >>> INDEX_SHIFT) + 1);
    let word = 0;
    for (let entry = 0; entry < index.length; entry++) {
      while (word + 1 < this.number && this.starts[word + 1]! <= entry * 2 ** INDEX_SHIFT) word++;
      index[entry] = word;
    }
    return index;
  }

  private reserve(symbols: number): void {
    const needed = this.used + symbols + 1;
    if (needed > this.cells.length) {
      const grown = new Int32Array(Math.max(needed, this.cells.length * 1.5));
      grown.set(this.cells.subarray(0, this.used));
      this.cells = grown;
    }
    if (this.number === this.starts.length) {
      this.starts = doubled(this.starts);
      this.counts = doubled(this.counts);
    }
  }
}

function doubled(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(array.length * 2);
  grown.set(array);
  return grown;
}
