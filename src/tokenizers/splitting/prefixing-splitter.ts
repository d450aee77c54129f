import { type Source, SourceBuffer } from './source.js';
import type { Splitter } from './splitter.js';

export interface Prefixing {
  /** Put before a text that does not begin with it. */
  prefix: string;
  /** Before every text, before the first one only, or before none. */
  where: 'always' | 'first' | 'never';
  /** Whether blanks become the prefix too. */
  replaceBlanks: boolean;
}

/** One piece: the text with a prefix, and with another character for blanks. */
export class PrefixingSplitter implements Splitter {
  source!: Source;
  start = 0;
  end = 0;
  private pending = false;
  private readonly buffer = new SourceBuffer();

  constructor(private readonly prefixing: Prefixing) {}

  open(source: Source, start: number, end: number, atBeginning: boolean): void {
    const { prefix, where, replaceBlanks } = this.prefixing;
    let text = source.text.slice(start, end);
    if (replaceBlanks) text = text.replaceAll(' ', prefix);
    const applies = where === 'always' || (where === 'first' && atBeginning);
    if (applies && !text.startsWith(prefix)) text = prefix + text;
    this.source = this.buffer.read(text);
    this.end = text.length;
    this.pending = end > start;
  }

  next(): boolean {
    const { pending } = this;
    this.pending = false;
    return pending;
  }
}
