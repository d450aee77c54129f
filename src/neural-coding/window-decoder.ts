import type { Encoded, Segment } from '../plugins/contracts.js';
import { CompressorError } from '../support/errors.js';
import { CodeSymbols, type SymbolFormat } from './code-symbols.js';
import type { Codebook } from './codebook.js';
import { refuseSide, unpackRanks } from './phrase-ranks.js';
import { type PhraseTable, phraseTable } from './phrase-table.js';

/** Bytes copied at a time: most phrases are no longer. */
const COPIED = 8;

/** Symbols of windows back to bytes (architecture §13, rule 9): a look-up for each window, whatever the segments were. */
export class WindowDecoder {
  readonly alphabetSize: number;
  readonly #symbols: CodeSymbols;
  readonly #phrases: PhraseTable;
  readonly #sideNeeded: boolean;
  /** By unit, 256 + code or, where codes are shared, 256 + phrase: bytes of its phrase, 0 for none. */
  readonly #lengths: Uint8Array;
  /** By unit: place of its phrase in the text. */
  readonly #starts: Uint32Array;
  readonly #text: Uint8Array;
  readonly #textView: DataView;

  /** @throws ConfigError if windows of the codebook cannot be written as such symbols */
  constructor(codebook: Codebook, format: SymbolFormat, phrases: PhraseTable = phraseTable(codebook)) {
    this.#symbols = new CodeSymbols(codebook.windowBits, format, phrases);
    this.#phrases = phrases;
    this.alphabetSize = this.#symbols.alphabetSize;
    this.#sideNeeded = codebook.coder === 'lester';
    const units = 256 + (this.#sideNeeded ? phrases.count : 2 ** codebook.windowBits);
    this.#lengths = new Uint8Array(units).fill(1, 0, 256);
    this.#starts = new Uint32Array(units);
    for (let byte = 0; byte < 256; byte++) this.#starts[byte] = byte;
    for (let phrase = 0; phrase < phrases.count; phrase++) {
      const unit = 256 + (this.#sideNeeded ? phrase : phrases.codes[phrase]!);
      this.#lengths[unit] = phrases.lengths[phrase]!;
      this.#starts[unit] = phrases.starts[phrase]!;
    }
    this.#text = new Uint8Array(phrases.text.length + COPIED);
    this.#text.set(phrases.text);
    this.#textView = new DataView(this.#text.buffer);
  }

  /**
   * @throws CompressorError for a code that no phrase has, a symbol out of range, a window that is not whole, each with its
   *   position, and for side data that are missing or of other symbols
   */
  decode(encoded: Encoded): Uint8Array {
    const units = this.#units(encoded);
    const lengths = this.#lengths;
    const starts = this.#starts;
    let size = 0;
    for (let at = 0; at < units.length; at++) {
      const length = lengths[units[at]!]!;
      if (length === 0) this.#refuseCode(units, at);
      size += length;
    }
    // Whole steps are copied: the last one may go past the end.
    const bytes = new Uint8Array(size + COPIED);
    const to = new DataView(bytes.buffer);
    const text = this.#textView;
    let end = 0;
    for (let at = 0; at < units.length; at++) {
      const unit = units[at]!;
      const start = starts[unit]!;
      const length = lengths[unit]!;
      to.setUint32(end, text.getUint32(start, true), true);
      to.setUint32(end + 4, text.getUint32(start + 4, true), true);
      for (let done = COPIED; done < length; done += COPIED) {
        to.setUint32(end + done, text.getUint32(start + done, true), true);
        to.setUint32(end + done + 4, text.getUint32(start + done + 4, true), true);
      }
      end += length;
    }
    return bytes.subarray(0, size);
  }

  /** Which bytes each symbol covers: all symbols of a window those of its phrase. @throws CompressorError as `decode` does */
  *segments(encoded: Encoded): Iterable<Segment> {
    const { symbols } = encoded;
    const units = this.#units(encoded);
    let byteStart = 0;
    let position = 0;
    for (let at = 0; at < units.length; at++) {
      const unit = units[at]!;
      const length = this.#lengths[unit]!;
      if (length === 0) this.#refuseCode(units, at);
      const byteEnd = byteStart + length;
      const end = position + (unit < 256 ? 1 : this.#symbols.perWindow);
      for (; position < end; position++) yield { symbol: symbols[position]!, byteStart, byteEnd };
      byteStart = byteEnd;
    }
  }

  /** The symbols as units that this decoder's tables know. */
  #units({ symbols, side }: Encoded): Uint32Array {
    const codes = this.#symbols.toCodes(symbols);
    if (this.#sideNeeded) return this.#phraseUnits(codes, side);
    if (side !== undefined && side.length > 0)
      throw new CompressorError('these codes are decoded without side data; there are some');
    return codes;
  }

  #phraseUnits(codes: Uint32Array, side: Uint8Array | undefined): Uint32Array {
    const { firstOf } = this.#phrases;
    let windows = 0;
    for (const unit of codes) if (unit >= 256) windows++;
    if (windows > 0 && side === undefined) throw refuseSide(`the ranks of ${windows} windows are missing`);
    const ranks = unpackRanks(side ?? new Uint8Array(0), windows);
    let window = 0;
    return codes.map((unit, at) => {
      if (unit < 256) return unit;
      const code = unit - 256;
      const rank = ranks[window++]!;
      const phrase = firstOf[code]! + rank;
      if (firstOf[code] === firstOf[code + 1]) this.#refuseCode(codes, at);
      if (phrase >= firstOf[code + 1]!)
        throw refuseSide(
          `code ${code} at position ${this.#symbols.positionOf(codes, at)} has ${firstOf[code + 1]! - firstOf[code]!} phrases, none of rank ${rank}`,
        );
      return 256 + phrase;
    });
  }

  #refuseCode(units: Uint32Array, at: number): never {
    throw new CompressorError(
      `code ${units[at]! - 256} at position ${this.#symbols.positionOf(units, at)} belongs to no phrase of the codebook`,
      { hint: 'The symbols were written with another codebook, or are damaged.' },
    );
  }
}
