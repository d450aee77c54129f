import type { Source } from './source.js';

/**
 * Cuts a text into the pieces that are encoded each on its own (words, as it were), one after the other, so that no
 * list of them is ever made: `open`, then `next` until it says that there is none.
 */
export interface Splitter {
  /** The piece found by the last `next`: `source` from `start` to `end`, in UTF-16 units, never empty. */
  source: Source;
  start: number;
  end: number;
  /**
   * Begins with the text from `start` to `end`, as if nothing stood around it.
   *
   * @param atBeginning whether it is the beginning of the whole text
   */
  open(source: Source, start: number, end: number, atBeginning: boolean): void;
  next(): boolean;
}

/** The text as one piece. */
export class WholeText implements Splitter {
  source!: Source;
  start = 0;
  end = 0;
  private pending = false;

  open(source: Source, start: number, end: number): void {
    this.source = source;
    this.start = start;
    this.end = end;
    this.pending = end > start;
  }

  next(): boolean {
    const { pending } = this;
    this.pending = false;
    return pending;
  }
}

/** The pieces of the first splitter, cut by the second. */
export class SplitterSequence implements Splitter {
  source!: Source;
  start = 0;
  end = 0;
  private atBeginning = false;
  private begun = false;

  constructor(
    private readonly outer: Splitter,
    private readonly inner: Splitter,
  ) {}

  open(source: Source, start: number, end: number, atBeginning: boolean): void {
    this.outer.open(source, start, end, atBeginning);
    this.atBeginning = atBeginning;
    this.begun = false;
  }

  next(): boolean {
    const { outer, inner } = this;
    while (!(this.begun && inner.next())) {
      if (!outer.next()) return false;
      inner.open(outer.source, outer.start, outer.end, this.atBeginning);
      this.begun = true;
      this.atBeginning = false;
    }
    this.source = inner.source;
    this.start = inner.start;
    this.end = inner.end;
    return true;
  }
}

/**
 * Where the piece that begins at `from` ends, at `limit` at the latest and never at `from`; the text from there on is
 * seen as if `limit` were its end.
 */
export type Scan = (units: Uint16Array, from: number, limit: number) => number;

/** Pieces that follow each other without gaps, found by a hand-written function. */
export class ScanningSplitter implements Splitter {
  source!: Source;
  start = 0;
  end = 0;
  private limit = 0;

  constructor(private readonly scan: Scan) {}

  open(source: Source, start: number, end: number): void {
    this.source = source;
    this.end = start;
    this.limit = end;
  }

  next(): boolean {
    const { end, limit } = this;
    if (end >= limit) return false;
    this.start = end;
    this.end = this.scan(this.source.units, end, limit);
    return true;
  }
}
