import type { Encoded } from '../plugins/contracts.js';
import { CodeSymbols, type SymbolFormat } from './code-symbols.js';
import type { Codebook } from './codebook.js';
import { LONGEST_PHRASE } from './parameters.js';
import { packRanks } from './phrase-ranks.js';
import { type PhraseTable, phraseTable } from './phrase-table.js';
import { checkSegmentEnds } from './segment-ends.js';
import { type ParseProgress, WindowAutomaton } from './window-automaton.js';

/** Bytes read between two looks at the room for units. */
const STRETCH = 1 << 14;

/** Units whose room is kept between documents. */
const KEPT = 1 << 20;

/** Windows of compiled codebooks, all coders (architecture §13, rules 7 and 10). */
export class WindowEncoder {
  readonly alphabetSize: number;
  readonly phrases: PhraseTable;
  readonly #symbols: CodeSymbols;
  readonly #automaton: WindowAutomaton;
  readonly #hasSide: boolean;
  #room = new Uint32Array(STRETCH);

  /** @throws ConfigError if windows of the codebook cannot be written as such symbols */
  constructor(codebook: Codebook, format: SymbolFormat) {
    this.phrases = phraseTable(codebook);
    this.#symbols = new CodeSymbols(codebook.windowBits, format, this.phrases);
    this.alphabetSize = this.#symbols.alphabetSize;
    this.#automaton = new WindowAutomaton(codebook, this.phrases);
    this.#hasSide = codebook.coder === 'lester';
  }

  /**
   * @param segmentEnds where segments end, which windows do not cross; ascending, the last is the length. One segment if left out.
   * @throws CompressorError if the segments are not those of so many bytes
   */
  encode(bytes: Uint8Array, segmentEnds?: Uint32Array): Encoded {
    const units = this.parse(bytes, segmentEnds);
    if (!this.#hasSide) return { symbols: this.#symbols.fromPhrases(units) };
    const side = packRanks(this.#ranks(units));
    return { symbols: this.#symbols.fromPhrases(units), side };
  }

  /**
   * The windows as units: a literal byte b is b, phrase p is 256 + p.
   *
   * @throws CompressorError as `encode` does
   */
  parse(bytes: Uint8Array, segmentEnds: Uint32Array = Uint32Array.of(bytes.length)): Uint32Array {
    checkSegmentEnds(segmentEnds, bytes.length);
    const progress: ParseProgress = { state: 0, written: 0 };
    let start = 0;
    for (const end of segmentEnds) {
      while (start < end) {
        const stop = Math.min(end, start + STRETCH);
        this.#makeRoom(progress.written + stop - start + LONGEST_PHRASE);
        this.#automaton.read(bytes, start, stop, progress, this.#room);
        start = stop;
      }
      this.#automaton.finish(progress, this.#room);
    }
    const units = this.#room.slice(0, progress.written);
    if (this.#room.length > KEPT) this.#room = new Uint32Array(STRETCH);
    return units;
  }

  /** Where the windows and literals of some bytes end, each where the next begins. */
  windowEnds(bytes: Uint8Array, segmentEnds?: Uint32Array): Uint32Array {
    const { lengths } = this.phrases;
    let end = 0;
    return this.parse(bytes, segmentEnds).map((unit) => {
      end += unit < 256 ? 1 : lengths[unit - 256]!;
      return end;
    });
  }

  #ranks(units: Uint32Array): Uint8Array {
    const { codes, firstOf } = this.phrases;
    const ranks = new Uint8Array(units.length);
    let windows = 0;
    for (const unit of units) {
      if (unit < 256) continue;
      const phrase = unit - 256;
      ranks[windows++] = phrase - firstOf[codes[phrase]!]!;
    }
    return ranks.subarray(0, windows);
  }

  #makeRoom(units: number): void {
    if (units <= this.#room.length) return;
    const room = new Uint32Array(2 * units);
    room.set(this.#room);
    this.#room = room;
  }
}
