import { isAscii } from 'node:buffer';
import { SourceBuffer } from '../splitting/source.js';
import type { Splitter } from '../splitting/splitter.js';
import type { PretokenTable } from './pretoken-table.js';

/** Counts the pre-tokens of texts. */
export class PretokenCounter {
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  private readonly encoder = new TextEncoder();
  private readonly source = new SourceBuffer();

  /** @param splitter whose pieces follow each other without gaps */
  constructor(
    private readonly table: PretokenTable,
    private readonly splitter: Splitter,
  ) {}

  /** @param utf8 a text; what is not UTF-8 counts as U+FFFD */
  add(utf8: Uint8Array): void {
    const text = this.decoder.decode(utf8);
    this.splitter.open(this.source.read(text), 0, text.length, true);
    if (isAscii(utf8)) this.addAscii(utf8);
    else this.addEncoded(this.encoder.encode(text));
  }

  private addAscii(bytes: Uint8Array): void {
    const { splitter, table } = this;
    while (splitter.next()) table.add(bytes, splitter.start, splitter.end, 1);
  }

  /** Where a piece lies among the bytes is known by adding up the lengths of those before. */
  private addEncoded(bytes: Uint8Array): void {
    const { splitter, table } = this;
    let begin = 0;
    while (splitter.next()) {
      const { units } = splitter.source;
      let end = begin;
      for (let i = splitter.start; i < splitter.end; i++) end += encodedLength(units[i]!);
      table.add(bytes, begin, end, 1);
      begin = end;
    }
  }
}

/** Bytes in UTF-8 of a code unit; of each half of a surrogate pair, two. */
function encodedLength(unit: number): number {
  if (unit < 0x80) return 1;
  if (unit < 0x800) return 2;
  return unit >= 0xd800 && unit < 0xe000 ? 2 : 3;
}
