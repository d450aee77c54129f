import { CompressorError, ConfigError } from '../support/errors.js';
import type { CodeNumbering } from './parameters.js';
import type { PhraseTable } from './phrase-table.js';

/** How windows are written as symbols (architecture §13, rule 10). */
export interface SymbolFormat {
  /** N: bits of a symbol; divides the bits of a window. */
  symbolBits: number;
  numbering: CodeNumbering;
}

const WIDEST_SYMBOL = 16;

/**
 * Symbols of a window of τ bits: τ/N of them.
 *
 * @throws ConfigError if N does not divide τ, or is above 16, or if codes are renumbered that several symbols make up
 */
export function symbolsPerWindow(windowBits: number, { symbolBits, numbering }: SymbolFormat): number {
  if (!Number.isInteger(symbolBits) || symbolBits < 1 || symbolBits > WIDEST_SYMBOL)
    throw new ConfigError(`symbols have 1 … ${WIDEST_SYMBOL} bits, not ${symbolBits}`, { field: 'symbolBits' });
  if (windowBits % symbolBits !== 0)
    throw new ConfigError(`symbols of ${symbolBits} bits do not fill windows of ${windowBits}`, {
      field: 'symbolBits',
      hint: `Choose one of ${symbolWidths(windowBits).join(', ')}.`,
    });
  if (numbering === 'compact' && symbolBits !== windowBits)
    throw new ConfigError(
      `compact codes need symbols of ${windowBits} bits, a window each: of symbols of ${symbolBits} bits, parts of a code, all are in use`,
      { field: 'codes', hint: 'Choose sparse codes, or as many bits for a symbol as for a window.' },
    );
  return windowBits / symbolBits;
}

function symbolWidths(windowBits: number): number[] {
  return Array.from({ length: WIDEST_SYMBOL }, (_, index) => index + 1).filter((bits) => windowBits % bits === 0);
}

/** Symbols of a format: 256 literals and all values of N bits, or the codes in use where they are renumbered. */
export function alphabetSize({ symbolBits, numbering }: SymbolFormat, codesInUse: number): number {
  return 256 + (numbering === 'compact' ? codesInUse : 2 ** symbolBits);
}

/**
 * Windows as symbols and back, for codes that fit in a number. Windows are *units* here: a literal byte b is b, a window of
 * code c is 256 + c.
 */
export class CodeSymbols {
  readonly perWindow: number;
  readonly alphabetSize: number;
  readonly #symbolBits: number;
  /** The codes by their compact numbers; null where codes keep theirs. */
  readonly #used: Int32Array | null;
  /** Symbol of each unit of the phrase table, where a window is one symbol; null otherwise. */
  readonly #symbolOf: Uint32Array | null;
  readonly #codes: Int32Array;

  /** @throws ConfigError as `symbolsPerWindow` does */
  constructor(windowBits: number, format: SymbolFormat, phrases: PhraseTable) {
    this.perWindow = symbolsPerWindow(windowBits, format);
    this.#symbolBits = format.symbolBits;
    this.#codes = phrases.codes;
    const used = phrases.codes.filter((code, index) => index === 0 || code !== phrases.codes[index - 1]);
    this.alphabetSize = alphabetSize(format, used.length);
    this.#used = format.numbering === 'compact' ? used : null;
    this.#symbolOf = this.perWindow === 1 ? symbolTable(phrases, format.numbering) : null;
  }

  /** Units of the phrase table, literals b and phrases 256 + p, as symbols. May be made in place. */
  fromPhrases(units: Uint32Array): Uint32Array {
    const table = this.#symbolOf;
    if (table !== null) {
      for (let at = 0; at < units.length; at++) units[at] = table[units[at]!]!;
      return units;
    }
    const { perWindow } = this;
    const codes = this.#codes;
    const bits = this.#symbolBits;
    const mask = 2 ** bits - 1;
    let windows = 0;
    for (let at = 0; at < units.length; at++) if (units[at]! >= 256) windows++;
    const symbols = new Uint32Array(units.length + windows * (perWindow - 1));
    let to = 0;
    for (let at = 0; at < units.length; at++) {
      const unit = units[at]!;
      if (unit < 256) {
        symbols[to++] = unit;
        continue;
      }
      const code = codes[unit - 256]!;
      for (let shift = bits * (perWindow - 1); shift >= 0; shift -= bits)
        symbols[to++] = 256 + ((code >>> shift) & mask);
    }
    return symbols;
  }

  /**
   * Units of codes, from symbols.
   *
   * @throws CompressorError for a symbol out of range and for a window that is not whole, naming the symbol's position
   */
  toCodes(symbols: Uint32Array): Uint32Array {
    if (this.perWindow > 1) return this.#join(symbols);
    const used = this.#used;
    const limit = this.alphabetSize;
    const units = used === null ? symbols : new Uint32Array(symbols.length);
    for (let at = 0; at < symbols.length; at++) {
      const symbol = symbols[at]!;
      if (symbol >= limit) refuseSymbol(symbol, at, limit);
      if (used !== null) units[at] = symbol < 256 ? symbol : 256 + used[symbol - 256]!;
    }
    return units;
  }

  /** Position of the symbol that a unit begins with, for messages. */
  positionOf(units: Uint32Array, unit: number): number {
    let position = 0;
    for (let at = 0; at < unit; at++) position += units[at]! < 256 ? 1 : this.perWindow;
    return position;
  }

  #join(symbols: Uint32Array): Uint32Array {
    const { perWindow, alphabetSize } = this;
    const bits = this.#symbolBits;
    const units = new Uint32Array(symbols.length);
    let count = 0;
    for (let at = 0; at < symbols.length; ) {
      const symbol = symbols[at]!;
      if (symbol < 256) {
        units[count++] = symbol;
        at++;
        continue;
      }
      let code = 0;
      const end = at + perWindow;
      for (const start = at; at < end; at++) {
        if (at === symbols.length) refuseTruncated(start, symbols.length - start, perWindow, 'the symbols end');
        const part = symbols[at]!;
        if (part < 256) refuseTruncated(start, at - start, perWindow, 'a literal follows');
        if (part >= alphabetSize) refuseSymbol(part, at, alphabetSize);
        code = (code << bits) | (part - 256);
      }
      units[count++] = 256 + code;
    }
    return units.subarray(0, count);
  }
}

function symbolTable({ count, codes }: PhraseTable, numbering: CodeNumbering): Uint32Array {
  const table = new Uint32Array(256 + count);
  for (let byte = 0; byte < 256; byte++) table[byte] = byte;
  let number = -1;
  for (let phrase = 0; phrase < count; phrase++) {
    if (phrase === 0 || codes[phrase] !== codes[phrase - 1]) number++;
    table[256 + phrase] = 256 + (numbering === 'compact' ? number : codes[phrase]!);
  }
  return table;
}

export function refuseSymbol(symbol: number, position: number, alphabet: number): never {
  throw new CompressorError(`symbol ${symbol} at position ${position} is above ${alphabet - 1}`);
}

export function refuseTruncated(position: number, found: number, perWindow: number, why: string): never {
  throw new CompressorError(`the window at position ${position} has ${found} of its ${perWindow} symbols: ${why}`);
}
