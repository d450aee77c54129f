import type { Encoded, Segment } from '../plugins/contracts.js';
import { CompressorError, ConfigError } from '../support/errors.js';
import { BoundedCache } from './bounded-cache.js';
import type { FrequencyModel } from './byte-model.js';
import { type CodedWindow, DirectSymbols, type DirectUnit, type PlacedUnit } from './direct-symbols.js';
import { type AskedPrefix, foretoldPrefixes } from './foretold-prefixes.js';
import { frequenciesAfter } from './frequencies.js';
import { bigIntervals, doubleIntervals, type Interval, type Intervals } from './intervals.js';
import { LONGEST_PHRASE, WIDEST_COMPILED_WINDOW, type WindowParameters } from './parameters.js';
import { type DirectWindowCoder, hasCell, PhraseInterval, shortestDyadic } from './phrase-interval.js';
import { checkSegmentEnds } from './segment-ends.js';

const NARROWEST_WINDOW = 12;
const WIDEST_WINDOW = 64;

/** Segments that are coded, and windows that are looked up, at once: enough for full batches, few beside their text. */
const SIDE_BY_SIDE = 1 << 14;

export interface DirectOptions extends WindowParameters {
  /** N: bits of a symbol; divides the bits of a window. */
  symbolBits: number;
  /** Strings whose frequencies are kept, a kilobyte each; up to twice as many. No effect on codes. */
  cachedStrings?: number;
  /** Strings that the model is asked for at once, at most. */
  batch?: number;
}

export interface DirectDocument {
  bytes: Uint8Array;
  /** Ascending, the last is the length; one segment if left out. */
  segmentEnds?: Uint32Array;
}

/** Strings whose frequencies are kept that nobody asked for yet; up to twice as many. */
const FORETOLD = 1 << 12;

/** A string that a walk has reached and must know the frequencies after. */
interface Question<N extends number | bigint> extends AskedPrefix {
  interval: Interval<N>;
}

/** A walk through the tree of strings, which asks for what it comes to and is answered. */
type Walk<N extends number | bigint, Result> = Generator<Question<N>, Result, PhraseInterval<N>>;

/**
 * The window coder with the model in the loop, for windows too wide for a table of all phrases: strings are looked into as
 * texts come to them. It gives the codes of the compiled form where there is one. Segments of all documents of a call are
 * coded side by side, so that the model is asked for many strings at once.
 */
export class DirectCoder {
  readonly alphabetSize: number;
  readonly #work: Work<number> | Work<bigint>;
  readonly #symbols: DirectSymbols;

  /** @throws ConfigError for windows, symbols or a coder that cannot be coded so */
  constructor(model: FrequencyModel, options: DirectOptions) {
    const { windowBits, coder } = options;
    if (!Number.isInteger(windowBits) || windowBits < NARROWEST_WINDOW || windowBits > WIDEST_WINDOW)
      throw new ConfigError(`windows have ${NARROWEST_WINDOW} … ${WIDEST_WINDOW} bits, not ${windowBits}`, {
        field: 'windowBits',
      });
    if (coder === 'dense')
      throw new ConfigError('codes of the coder dense are numbers of a compiled codebook: there are none without it', {
        field: 'coder',
        hint: 'Choose strict or lester, or compile a codebook.',
      });
    this.#symbols = new DirectSymbols(windowBits, options.symbolBits, coder);
    this.alphabetSize = this.#symbols.alphabetSize;
    this.#work =
      windowBits <= WIDEST_COMPILED_WINDOW
        ? new Work(model, doubleIntervals(windowBits), Number, { ...options, coder })
        : new Work(model, bigIntervals(windowBits), BigInt, { ...options, coder });
  }

  /**
   * One result for each document.
   *
   * @throws CompressorError if segments are not those of their document; CodebookError if the model breaks its contract
   */
  async encode(documents: readonly DirectDocument[]): Promise<Encoded[]> {
    const segments = documents.flatMap(({ bytes, segmentEnds = Uint32Array.of(bytes.length) }, document) => {
      checkSegmentEnds(segmentEnds, bytes.length);
      return Array.from(segmentEnds, (end, index) => ({
        document,
        bytes: bytes.subarray(segmentEnds[index - 1] ?? 0, end),
      }));
    });
    const coded = await this.#work.parse(segments.map(({ bytes }) => bytes));
    const units: DirectUnit[][] = documents.map(() => []);
    for (const [index, { document }] of segments.entries())
      for (const unit of coded[index]!) units[document]!.push(unit);
    return units.map((all) => this.#symbols.write(all));
  }

  /**
   * The bytes of each document.
   *
   * @throws CompressorError for a code that no phrase has, a symbol out of range, a window that is not whole, each with its
   *   position, and for side data that are missing or of other symbols
   */
  async decode(encoded: readonly Encoded[]): Promise<Uint8Array[]> {
    const texts = await this.#textsOf(encoded.map((document) => this.#symbols.read(document)));
    return texts.map((document) => new Uint8Array(Buffer.from(document.join(''), 'latin1')));
  }

  /** Which bytes each symbol covers: all symbols of a window those of its phrase. @throws CompressorError as `decode` does */
  async segments(encoded: Encoded): Promise<Segment[]> {
    const { symbols } = encoded;
    const units = this.#symbols.read(encoded);
    const [texts] = await this.#textsOf([units]);
    let byteEnd = 0;
    return units.flatMap(({ position }, index) => {
      const byteStart = byteEnd;
      byteEnd += texts![index]!.length;
      const ofUnit = symbols.subarray(position, units[index + 1]?.position);
      return Array.from(ofUnit, (symbol) => ({ symbol, byteStart, byteEnd }));
    });
  }

  /** The text of each unit, as latin-1. */
  async #textsOf(units: readonly PlacedUnit[][]): Promise<string[][]> {
    const phrases = await this.#work.look(units.flatMap((document) => document.filter((unit) => unit.code !== null)));
    let next = 0;
    return units.map((document) =>
      document.map((unit) => {
        if (unit.code === null) return String.fromCharCode(unit.literal);
        const phrase = phrases[next++]!;
        if (phrase !== null) return phrase;
        throw new CompressorError(`code ${unit.code} at position ${unit.position} belongs to no phrase of the model`, {
          hint: 'The symbols were written with another model, or are damaged.',
        });
      }),
    );
  }
}

interface WorkOptions extends DirectOptions {
  coder: DirectWindowCoder;
}

/** The walks of one coder, in the arithmetic of its windows. */
class Work<N extends number | bigint> {
  readonly #known: BoundedCache<PhraseInterval<N>>;
  /** By string: cumulative frequencies, as of a `PhraseInterval`. */
  readonly #foretold = new BoundedCache<Uint32Array>(FORETOLD);
  readonly #batch: number;

  constructor(
    readonly model: FrequencyModel,
    readonly intervals: Intervals<N>,
    readonly cellOf: (code: bigint) => N,
    readonly options: WorkOptions,
  ) {
    this.#known = new BoundedCache(options.cachedStrings ?? 1 << 15);
    this.#batch = options.batch ?? 1024;
  }

  /** The units of each segment. */
  parse(segments: readonly Uint8Array[]): Promise<DirectUnit[][]> {
    const window = this.options.coder === 'strict' ? this.#strictWindow : this.#lesterWindow;
    return this.#someAtOnce(segments, (bytes) => this.#units(bytes, window));
  }

  /** The phrase of each code and rank, as latin-1; null if there is none. */
  look(windows: readonly CodedWindow[]): Promise<(string | null)[]> {
    const find = this.options.coder === 'strict' ? this.#strictPhrase : this.#lesterPhrase;
    return this.#someAtOnce(windows, ({ code, rank }) => find.call(this, code, rank));
  }

  async #someAtOnce<Item, Result>(items: readonly Item[], walk: (item: Item) => Walk<N, Result>): Promise<Result[]> {
    const results: Result[] = [];
    for (let start = 0; start < items.length; start += SIDE_BY_SIDE)
      results.push(...(await this.#together(items.slice(start, start + SIDE_BY_SIDE).map(walk))));
    return results;
  }

  *#units(bytes: Uint8Array, window: (text: Uint8Array) => Walk<N, Found | null>): Walk<N, DirectUnit[]> {
    const units: DirectUnit[] = [];
    for (let start = 0; start < bytes.length; ) {
      const found = yield* window.call(this, bytes.subarray(start));
      units.push(found === null ? { code: null, literal: bytes[start]! } : { code: found.code, rank: found.rank });
      start += found?.length ?? 1;
    }
    return units;
  }

  /** The longest beginning of a text that owns a cell. Which cells a string owns, its own frequencies tell. */
  *#strictWindow(text: Uint8Array): Walk<N, Found | null> {
    let found: Found | null = null;
    const most = Math.min(text.length, LONGEST_PHRASE);
    for (let at = yield* this.#root(text); at.text.length < most; ) {
      const byte = text[at.text.length]!;
      const interval = at.child(byte);
      if (!hasCell(this.intervals.cells(interval))) break;
      at = yield* this.#at(at.text + String.fromCharCode(byte), interval, text);
      const owned = at.lowestOwned;
      if (owned !== null) found = { code: BigInt(owned), rank: 0, length: at.text.length };
    }
    return found;
  }

  /** The longest beginning of a text whose interval holds a cell. The interval alone tells its code. */
  *#lesterWindow(text: Uint8Array): Walk<N, Found | null> {
    const codes: bigint[] = [];
    const most = Math.min(text.length, LONGEST_PHRASE);
    for (let at = yield* this.#root(text); ; ) {
      const byte = text[codes.length]!;
      const interval = at.child(byte);
      const cells = this.intervals.cells(interval);
      if (!hasCell(cells)) break;
      codes.push(shortestDyadic(cells));
      if (codes.length === most) break;
      at = yield* this.#at(at.text + String.fromCharCode(byte), interval, text);
    }
    const code = codes.pop();
    return code === undefined
      ? null
      : { code, rank: codes.filter((shorter) => shorter === code).length, length: codes.length + 1 };
  }

  *#strictPhrase(code: bigint): Walk<N, string | null> {
    const cell = this.cellOf(code);
    for (let at = yield* this.#root(null); ; ) {
      const byte = at.byteWith(cell);
      if (byte < 0) return at.lowestOwned === cell ? at.text : null;
      at = yield* this.#at(at.text + String.fromCharCode(byte), at.child(byte), null);
    }
  }

  *#lesterPhrase(code: bigint, rank: number): Walk<N, string | null> {
    const cell = this.cellOf(code);
    let left = rank;
    for (let at = yield* this.#root(null); ; ) {
      const byte = at.byteWith(cell);
      if (byte < 0) return null;
      const text = at.text + String.fromCharCode(byte);
      const interval = at.child(byte);
      if (shortestDyadic(this.intervals.cells(interval)) === code && left-- === 0) return text;
      at = yield* this.#at(text, interval, null);
    }
  }

  #root(ahead: Uint8Array | null): Walk<N, PhraseInterval<N>> {
    return this.#at('', this.intervals.unit, ahead);
  }

  *#at(text: string, interval: Interval<N>, ahead: Uint8Array | null): Walk<N, PhraseInterval<N>> {
    // No phrase is longer: what would follow is not asked for.
    if (text.length === LONGEST_PHRASE) return new PhraseInterval(this.intervals, text, interval, null);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const foretold = this.#foretold.get(text);
    return foretold === undefined ? yield { text, interval, ahead } : this.#know(text, interval, foretold);
  }

  #know(text: string, interval: Interval<N>, sums: Uint32Array): PhraseInterval<N> {
    const known = new PhraseInterval(this.intervals, text, interval, sums);
    this.#known.set(text, known);
    return known;
  }

  /** Runs walks side by side: all go on to what the model must be asked for, it is asked for that once, and so on. */
  async #together<Result>(walks: readonly Walk<N, Result>[]): Promise<Result[]> {
    const results = new Map<Walk<N, Result>, Result>();
    const waiting = new Map<string, { question: Question<N>; walks: Walk<N, Result>[] }>();
    const go = (walk: Walk<N, Result>, step: IteratorResult<Question<N>, Result>) => {
      if (step.done) {
        results.set(walk, step.value);
        return;
      }
      const others = waiting.get(step.value.text);
      if (others === undefined) waiting.set(step.value.text, { question: step.value, walks: [walk] });
      else others.walks.push(walk);
    };
    for (const walk of walks) go(walk, walk.next());
    while (waiting.size > 0) {
      const asked = [...waiting.values()].slice(0, this.#batch);
      const answers = await this.#ask(asked.map(({ question }) => question));
      for (const [index, { question, walks: answered }] of asked.entries()) {
        waiting.delete(question.text);
        for (const walk of answered) go(walk, walk.next(answers[index]!));
      }
    }
    return walks.map((walk) => results.get(walk)!);
  }

  async #ask(questions: readonly Question<N>[]): Promise<PhraseInterval<N>[]> {
    const isKnown = (text: string) => this.#known.get(text) !== undefined || this.#foretold.get(text) !== undefined;
    const foretold = foretoldPrefixes(questions, this.model, isKnown);
    const texts = [...questions.map(({ text }) => text), ...foretold];
    const prefixes = texts.map((text) => new Uint8Array(Buffer.from(text, 'latin1')));
    const { frequencies } = await frequenciesAfter(this.model, prefixes, this.options.windowBits);
    const sumsOf = (row: number): Uint32Array => {
      const sums = new Uint32Array(257);
      for (let byte = 0; byte < 256; byte++) sums[byte + 1] = sums[byte]! + frequencies[256 * row + byte]!;
      return sums;
    };
    for (const [index, text] of foretold.entries()) this.#foretold.set(text, sumsOf(questions.length + index));
    return questions.map(({ text, interval }, row) => this.#know(text, interval, sumsOf(row)));
  }
}

/** What a window was found to hold. */
interface Found {
  code: bigint;
  rank: number;
  length: number;
}
