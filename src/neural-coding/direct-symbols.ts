import type { Encoded } from '../plugins/contracts.js';
import { CompressorError } from '../support/errors.js';
import { alphabetSize, refuseSymbol, refuseTruncated, symbolsPerWindow } from './code-symbols.js';
import type { DirectWindowCoder } from './phrase-interval.js';
import { packRanks, refuseSide, unpackRanks } from './phrase-ranks.js';

/** A window's code, with the rank of its phrase among those that share it. */
export interface CodedWindow {
  code: bigint;
  rank: number;
}

export type DirectUnit = CodedWindow | { code: null; literal: number };

/** The same with the position of its first symbol. */
export type PlacedUnit = DirectUnit & { position: number };

/** Windows as symbols and back, for codes of up to 64 bits, which keep their numbers. */
export class DirectSymbols {
  readonly alphabetSize: number;
  readonly #perWindow: number;
  readonly #symbolBits: bigint;

  /** @throws ConfigError as `symbolsPerWindow` does */
  constructor(
    windowBits: number,
    symbolBits: number,
    readonly coder: DirectWindowCoder,
  ) {
    this.#perWindow = symbolsPerWindow(windowBits, { symbolBits, numbering: 'sparse' });
    this.#symbolBits = BigInt(symbolBits);
    this.alphabetSize = alphabetSize({ symbolBits, numbering: 'sparse' }, 0);
  }

  write(units: readonly DirectUnit[]): Encoded {
    const symbols: number[] = [];
    const ranks: number[] = [];
    for (const unit of units) {
      if (unit.code === null) {
        symbols.push(unit.literal);
        continue;
      }
      ranks.push(unit.rank);
      for (let part = this.#perWindow - 1; part >= 0; part--)
        symbols.push(
          256 + Number(BigInt.asUintN(Number(this.#symbolBits), unit.code >> (this.#symbolBits * BigInt(part)))),
        );
    }
    const encoded = { symbols: Uint32Array.from(symbols) };
    return this.coder === 'lester' ? { ...encoded, side: packRanks(Uint8Array.from(ranks)) } : encoded;
  }

  /** @throws CompressorError for a symbol out of range, a window that is not whole, or side data of other symbols */
  read({ symbols, side }: Encoded): PlacedUnit[] {
    const units: PlacedUnit[] = [];
    for (let at = 0; at < symbols.length; ) {
      const position = at;
      const symbol = symbols[at]!;
      if (symbol < 256) {
        units.push({ code: null, literal: symbol, position });
        at++;
        continue;
      }
      let code = 0n;
      for (const end = at + this.#perWindow; at < end; at++) {
        if (at === symbols.length) refuseTruncated(position, at - position, this.#perWindow, 'the symbols end');
        const part = symbols[at]!;
        if (part < 256) refuseTruncated(position, at - position, this.#perWindow, 'a literal follows');
        if (part >= this.alphabetSize) refuseSymbol(part, at, this.alphabetSize);
        code = (code << this.#symbolBits) | BigInt(part - 256);
      }
      units.push({ code, rank: 0, position });
    }
    this.#setRanks(units, side);
    return units;
  }

  #setRanks(units: PlacedUnit[], side: Uint8Array | undefined): void {
    if (this.coder === 'strict') {
      if (side !== undefined && side.length > 0)
        throw new CompressorError('codes of the coder strict are decoded without side data; there are some');
      return;
    }
    const windows = units.filter((unit) => unit.code !== null);
    if (windows.length > 0 && side === undefined)
      throw refuseSide(`the ranks of ${windows.length} windows are missing`);
    const ranks = unpackRanks(side ?? new Uint8Array(0), windows.length);
    for (const [index, window] of windows.entries()) window.rank = ranks[index]!;
  }
}
