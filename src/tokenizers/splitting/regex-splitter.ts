import { MatchedParts } from './matched-parts.js';
import type { Source } from './source.js';
import type { Splitter } from './splitter.js';

/** What becomes of the parts of a text that match a pattern. */
export type MatchBehaviour = 'Removed' | 'Isolated' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous';

/** Cuts at the matches of a regular expression. */
export class RegexSplitter implements Splitter {
  source!: Source;
  start = 0;
  end = 0;

  private readonly parts: MatchedParts;
  /** What lies before the text in `source`; positions within the text are relative to it. */
  private offset = 0;
  /** A part that may yet be joined with the next one. */
  private held: { start: number; end: number; matched: boolean } | undefined;

  /**
   * @param pattern with the flags `gu`
   * @param inverted whether the parts that do not match are treated as those that do, and the other way round
   */
  constructor(
    pattern: RegExp,
    private readonly behaviour: MatchBehaviour,
    private readonly inverted: boolean,
  ) {
    this.parts = new MatchedParts(pattern);
  }

  open(source: Source, start: number, end: number): void {
    this.source = source;
    this.offset = start;
    this.held = undefined;
    this.parts.open(source.text.length === end - start ? source.text : source.text.slice(start, end));
  }

  next(): boolean {
    while (this.nextJoined()) if (this.end > this.start) return true;
    return false;
  }

  /** The next piece, which may be empty. */
  private nextJoined(): boolean {
    const { parts, behaviour, inverted } = this;
    while (parts.next()) {
      const matched = parts.matched !== inverted;
      if (behaviour === 'Isolated') return this.give(parts.start, parts.end);
      if (behaviour === 'Removed') {
        if (!matched) return this.give(parts.start, parts.end);
        continue;
      }
      const { held } = this;
      if (held !== undefined && this.joins(held.matched, matched)) {
        held.end = parts.end;
        held.matched = matched;
        continue;
      }
      this.held = { start: parts.start, end: parts.end, matched };
      if (held !== undefined) return this.give(held.start, held.end);
    }
    if (this.held === undefined) return false;
    const { start, end } = this.held;
    this.held = undefined;
    return this.give(start, end);
  }

  /** Whether a part belongs to the piece before it; each says whether it matched. */
  private joins(before: boolean, after: boolean): boolean {
    switch (this.behaviour) {
      case 'MergedWithPrevious':
        return !before && after;
      case 'MergedWithNext':
        return before && !after;
      default:
        return before === after;
    }
  }

  private give(start: number, end: number): boolean {
    this.start = this.offset + start;
    this.end = this.offset + end;
    return true;
  }
}
