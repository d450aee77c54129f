import type { WindowParameters } from '../../src/neural-coding/parameters.js';

/**
 * The window coder a second time, straight from its rules: BigInt throughout, plain loops, nothing remembered, nothing shared
 * with the product. Slow, and right by inspection; it is what the trie, the compiled and the direct coders are held against.
 */

/** Frequencies of the 256 next bytes after a prefix, summing to 2^16; those after the empty one fit the window. */
export type OracleModel = (prefix: Uint8Array) => ArrayLike<number>;

/** What one step of the encoder emits: the code of a phrase, or a byte as it is. */
export interface OracleUnit {
  code: bigint | null;
  literal: number | null;
  bytes: Uint8Array;
}

const LONGEST = 64;

/** Codes `bytes`, whose segments end at `ends`. */
export function oracleEncode(
  model: OracleModel,
  parameters: WindowParameters,
  bytes: Uint8Array,
  ends: Iterable<number> = [bytes.length],
): OracleUnit[] {
  const codeOf = oracleCoder(model, parameters);
  const units: OracleUnit[] = [];
  let at = 0;
  for (const end of ends) {
    while (at < end) {
      const unit = nextUnit(codeOf, bytes.subarray(at, end));
      units.push(unit);
      at += unit.bytes.length;
    }
  }
  return units;
}

function nextUnit(codeOf: (text: Uint8Array) => bigint | null | undefined, rest: Uint8Array): OracleUnit {
  let unit: OracleUnit = { code: null, literal: rest[0]!, bytes: rest.slice(0, 1) };
  for (let length = 1; length <= rest.length; length++) {
    const phrase = rest.slice(0, length);
    const code = codeOf(phrase);
    if (code === undefined) break;
    if (code !== null) unit = { code, literal: null, bytes: phrase };
  }
  return unit;
}

/** The code of a string: null for a phrase that has none, undefined for what is no phrase. */
export function oracleCoder(
  model: OracleModel,
  { coder, windowBits }: WindowParameters,
): (text: Uint8Array) => bigint | null | undefined {
  const grid = new Grid(model, windowBits);
  if (coder === 'dense') {
    const numbers = denseNumbers(model, windowBits);
    return (text) => numbers.get(Buffer.from(text).toString('latin1'));
  }
  const codeOf = coder === 'strict' ? lowestOwned : shortestDyadic;
  return (text) => (text.length <= LONGEST && grid.hasCell(grid.interval(text)) ? codeOf(grid, text) : undefined);
}

interface BigInterval {
  low: bigint;
  high: bigint;
}

/** The share of an interval between two cumulative frequencies, rounded down at both ends. */
function part({ low, high }: BigInterval, from: number, to: number): BigInterval {
  const width = high - low;
  return { low: low + (width * BigInt(from)) / 65536n, high: low + (width * BigInt(to)) / 65536n };
}

class Grid {
  readonly unitBits: bigint;
  readonly cell: bigint;

  constructor(
    readonly model: OracleModel,
    readonly windowBits: number,
  ) {
    this.unitBits = windowBits <= 20 ? 36n : BigInt(windowBits) + 20n;
    this.cell = 1n << (this.unitBits - BigInt(windowBits));
  }

  interval(text: Uint8Array): BigInterval {
    let interval: BigInterval = { low: 0n, high: 1n << this.unitBits };
    for (let length = 0; length < text.length; length++) {
      const frequencies = this.model(text.slice(0, length));
      let sum = 0;
      for (let byte = 0; byte < text[length]!; byte++) sum += frequencies[byte]!;
      interval = part(interval, sum, sum + frequencies[text[length]!]!);
    }
    return interval;
  }

  children(text: Uint8Array, { low, high }: BigInterval): BigInterval[] {
    const frequencies = this.model(text);
    const children: BigInterval[] = [];
    let sum = 0;
    let from = low;
    for (let byte = 0; byte < 256; byte++) {
      sum += frequencies[byte]!;
      const to = low + ((high - low) * BigInt(sum)) / 65536n;
      children.push({ low: from, high: to });
      from = to;
    }
    return children;
  }

  /** Whether cell `c` lies whole in the interval. */
  holds({ low, high }: BigInterval, c: bigint): boolean {
    return c >= 0n && low <= c * this.cell && (c + 1n) * this.cell <= high;
  }

  /** The first cell that begins in the interval or after it. */
  cellFrom(point: bigint): bigint {
    return point % this.cell === 0n ? point / this.cell : point / this.cell + 1n;
  }

  hasCell(interval: BigInterval): boolean {
    return this.holds(interval, this.cellFrom(interval.low));
  }
}

/**
 * The lowest cell that is in I(x) and in no I(xb). The cell below it is not in I(x), or is in some I(xb): so it is the first
 * of I(x), or stands behind the last whole cell of an I(xb).
 */
function lowestOwned(grid: Grid, text: Uint8Array): bigint | null {
  const interval = grid.interval(text);
  const children = text.length < LONGEST ? grid.children(text, interval) : [];
  const candidates = [grid.cellFrom(interval.low), ...children.map(({ high }) => high / grid.cell)];
  const owned = candidates.filter(
    (cell) => grid.holds(interval, cell) && !children.some((child) => grid.holds(child, cell)),
  );
  return owned.reduce<bigint | null>((lowest, cell) => (lowest === null || cell < lowest ? cell : lowest), null);
}

/** The shortest string of bits whose interval lies in I(x), the lowest if there are two, filled up with zeros. */
function shortestDyadic(grid: Grid, text: Uint8Array): bigint {
  const { low, high } = grid.interval(text);
  for (let length = 0; length <= grid.windowBits; length++) {
    const size = 1n << (grid.unitBits - BigInt(length));
    for (let begin = low - (low % size); begin < high; begin += size) {
      if (low <= begin && begin + size <= high) return begin / grid.cell;
    }
  }
  throw new Error('a phrase holds a cell');
}

/** The phrase whose code this is, by rule 6 of `strict`: down while a longer string's interval holds the cell. */
export function oracleOwner(model: OracleModel, windowBits: number, code: bigint): Uint8Array {
  const grid = new Grid(model, windowBits);
  let text = new Uint8Array(0);
  let interval = grid.interval(text);
  while (text.length < LONGEST) {
    const children = grid.children(text, interval);
    const byte = children.findIndex((child) => grid.holds(child, code));
    if (byte < 0) break;
    interval = children[byte]!;
    text = Uint8Array.from([...text, byte]);
  }
  return text;
}

/** Every phrase of `strict` and `lester`, in preorder, as latin-1. */
export function oraclePhrases(model: OracleModel, windowBits: number): string[] {
  const grid = new Grid(model, windowBits);
  return inPreorder(grid, (interval) => grid.hasCell(interval)).map(({ text }) => text);
}

interface Sized {
  text: string;
  width: bigint;
}

function inPreorder(grid: Grid, keep: (interval: BigInterval, length: number) => boolean): Sized[] {
  const found: Sized[] = [];
  const below = (text: string, interval: BigInterval) => {
    if (text.length === LONGEST) return;
    for (const [byte, child] of grid.children(Buffer.from(text, 'latin1'), interval).entries()) {
      if (!keep(child, text.length + 1)) continue;
      const longer = text + String.fromCharCode(byte);
      found.push({ text: longer, width: child.high - child.low });
      below(longer, child);
    }
  };
  below('', grid.interval(new Uint8Array(0)));
  return found;
}

/**
 * The lowest θ ≥ 1 for which the single bytes and the longer strings with intervals of θ or more are at most 2^τ: θ is
 * halved until they are too many, and then stands just above the widest string that finds no place.
 */
function denseThreshold(grid: Grid): bigint {
  const places = 2 ** grid.windowBits;
  let threshold = 1n << grid.unitBits;
  while (threshold > 1n) {
    const wider = denseStrings(grid, threshold / 2n);
    if (wider.length > places) {
      const widths = wider.filter(({ text }) => text.length > 1).map(({ width }) => width);
      return widths.sort((a, b) => Number(b - a))[places - 256]! + 1n;
    }
    threshold /= 2n;
  }
  return threshold;
}

function denseStrings(grid: Grid, threshold: bigint): Sized[] {
  return inPreorder(grid, ({ low, high }, length) => length === 1 || high - low >= threshold);
}

function denseNumbers(model: OracleModel, windowBits: number): Map<string, bigint> {
  const grid = new Grid(model, windowBits);
  return new Map(denseStrings(grid, denseThreshold(grid)).map(({ text }, number) => [text, BigInt(number)]));
}
