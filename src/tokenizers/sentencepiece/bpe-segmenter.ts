import { SymbolMerger } from '../merging/merge-symbols.js';
import { BpeSymbols, NO_KIND, UNKNOWN_SYMBOL } from './bpe-symbols.js';
import type { EmitPart, Segmenter } from './segmentation.js';
import { ReversibleMerger } from './unused-pieces.js';
import { characterLength, codePointAt } from './utf8.js';
import type { PieceVocabulary } from './vocabulary.js';

/** Working memory for more symbols than these is given back after use. */
const KEPT_SYMBOLS = 1 << 20;

/**
 * A model of type `bpe`: beginning with characters, the neighbours that make up the piece with the highest score are
 * joined, the leftmost of equals, until no two neighbours make up a piece.
 *
 * The library looks up joined strings; here every way to make up a piece from two symbols is known from the start. And
 * since characters that are neighbours in no piece are never joined, the text is cut between such characters, and each
 * stretch is merged by itself.
 */
export class BpeSegmenter implements Segmenter {
  private readonly symbols: BpeSymbols;
  private readonly merger: SymbolMerger;
  /** How unused pieces are taken apart again depends on the whole text, so that with them it is one stretch. */
  private readonly reversible: ReversibleMerger | null;
  /** The symbols of the stretch in work, and where in the text it begins. */
  private stretch = new Int32Array(256);
  private length = 0;
  private start = 0;

  constructor(private readonly vocabulary: PieceVocabulary) {
    this.symbols = new BpeSymbols(vocabulary);
    this.merger = new SymbolMerger(this.symbols.merges);
    const hasUnused = vocabulary.pieces.some((_, id) => vocabulary.isUnused(id));
    this.reversible = hasUnused ? new ReversibleMerger(vocabulary, this.symbols) : null;
  }

  segment(text: Uint8Array, emit: EmitPart): void {
    const { symbols, reversible } = this;
    const { userDefined } = this.vocabulary;
    this.start = 0;
    this.length = 0;
    let kind = NO_KIND;
    for (let at = 0; at < text.length; ) {
      const previousKind = kind;
      let symbol: number;
      let bytes = userDefined === null ? 0 : userDefined.longestMatch(text, at);
      if (userDefined !== null && bytes > 0) {
        symbol = symbols.ofUserDefinedPiece(userDefined.get(text, at, at + bytes));
        kind = NO_KIND;
      } else {
        const codePoint = codePointAt(text, at);
        symbol = symbols.ofCharacter(codePoint);
        kind = symbols.kindOf(codePoint);
        bytes = characterLength(text[at]!);
      }
      if (this.length > 0 && reversible === null && !symbols.mayJoin(previousKind, kind)) {
        this.finishStretch(text, emit);
        this.start = at;
      }
      this.append(symbol);
      at += bytes;
    }
    this.finishStretch(text, emit);
    if (this.stretch.length > KEPT_SYMBOLS) this.stretch = new Int32Array(256);
  }

  private append(symbol: number): void {
    if (this.length === this.stretch.length) {
      const larger = new Int32Array(2 * this.length);
      larger.set(this.stretch);
      this.stretch = larger;
    }
    this.stretch[this.length++] = symbol;
  }

  private finishStretch(text: Uint8Array, emit: EmitPart): void {
    const { stretch, symbols, reversible } = this;
    const length = (reversible ?? this.merger).merge(stretch, this.length);
    let at = this.start;
    for (let i = 0; i < length; i++) {
      const symbol = stretch[i]!;
      if (symbol === UNKNOWN_SYMBOL) {
        const end = at + characterLength(text[at]!);
        emit(this.vocabulary.unknownId, at, end);
        at = end;
      } else if (reversible !== null) {
        at = reversible.emitUsed(symbol, at, emit);
      } else {
        const end = at + symbols.bytes[symbol]!;
        emit(symbols.id[symbol]!, at, end);
        at = end;
      }
    }
    this.length = 0;
  }
}
