import { TokenizerError } from '../../support/errors.js';

/**
 * The matches in a text and what lies between them, in order. As in the Rust library, an empty match directly behind
 * another match does not count.
 */
export class MatchedParts {
  start = 0;
  end = 0;
  matched = false;

  private text = '';
  private from = 0;
  private lastMatchEnd = -1;
  /** A match that has been found, while the text before it is given first. */
  private pending = false;
  private pendingEnd = 0;
  private readonly sticky: RegExp;
  /** Whether matches tend to follow each other without gaps; it is then quicker to ask for one right here. */
  private dense = true;

  constructor(private readonly pattern: RegExp) {
    this.sticky = new RegExp(pattern.source, 'yu');
  }

  open(text: string): void {
    this.text = text;
    this.end = 0;
    this.from = 0;
    this.lastMatchEnd = -1;
    this.pending = false;
  }

  next(): boolean {
    this.start = this.end;
    if (this.pending) {
      this.pending = false;
      return this.give(this.pendingEnd, true);
    }
    const { text } = this;
    if (this.dense && this.from === this.end) {
      const { sticky } = this;
      sticky.lastIndex = this.from;
      if (within(() => sticky.test(text)) && sticky.lastIndex > this.start) return this.match(sticky.lastIndex);
    }
    while (this.from <= text.length) {
      this.pattern.lastIndex = this.from;
      const found = within(() => this.pattern.exec(text));
      if (found === null) break;
      const begin = found.index;
      const end = begin + found[0].length;
      if (begin === end && end === this.lastMatchEnd) {
        this.from = end + (text.codePointAt(end)! > 0xffff ? 2 : 1);
        continue;
      }
      this.dense = begin === this.start;
      if (begin === this.start) return this.match(end);
      this.from = end;
      this.lastMatchEnd = end;
      this.pending = true;
      this.pendingEnd = end;
      return this.give(begin, false);
    }
    this.from = text.length + 1;
    return this.start < text.length && this.give(text.length, false);
  }

  private match(end: number): boolean {
    this.from = end;
    this.lastMatchEnd = end;
    return this.give(end, true);
  }

  private give(end: number, matched: boolean): boolean {
    this.end = end;
    this.matched = matched;
    return true;
  }
}

/** JavaScript gives up on matches of some millions of characters if their pattern makes it remember every one. */
function within<Result>(search: () => Result): Result {
  try {
    return search();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new TokenizerError("a stretch of the text is too long for the tokenizer's pattern", {
      hint: 'Break up documents that have millions of letters or blanks in a row, or leave them out.',
      cause,
    });
  }
}
