import { BpeSymbols, NO_KIND, NOT_A_PIECE, UNKNOWN_SYMBOL } from './bpe-symbols.js';
import { MergeQueue } from './merge-queue.js';
import { PieceType } from './model-file.js';
import type { EmitPart, Segmenter } from './segmentation.js';
import { characterLength, codePointAt } from './utf8.js';
import type { PieceVocabulary } from './vocabulary.js';

/** Symbols up to which looking for the best pair anew is faster than keeping a queue. */
const SHORT = 32;
const NONE = -1;

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
  private readonly unused: UnusedPieces | null;
  private readonly queue = new MergeQueue();
  /** The stretch in work: where it begins, its symbols and, once merged, how many there are. */
  private start = 0;
  private length = 0;
  private symbol = new Int32Array(256);
  /** Links between the places of a long stretch; in a short one, `next` is the piece that a symbol and its right neighbour make up. */
  private next = new Int32Array(256);
  private previous = new Int32Array(256);

  constructor(private readonly vocabulary: PieceVocabulary) {
    this.symbols = new BpeSymbols(vocabulary);
    this.unused = vocabulary.pieces.some(({ type }) => type === PieceType.UNUSED)
      ? new UnusedPieces(vocabulary, this.symbols)
      : null;
  }

  segment(text: Uint8Array, emit: EmitPart): void {
    const { symbols, unused } = this;
    const { userDefined } = this.vocabulary;
    this.start = 0;
    this.length = 0;
    let kind = NO_KIND;
    for (let at = 0; at < text.length; ) {
      const frozen = userDefined === null ? 0 : userDefined.longestMatch(text, at);
      if (userDefined !== null && frozen > 0) {
        this.append(symbols.ofUserDefinedPiece(userDefined.get(text, at, at + frozen)));
        kind = NO_KIND;
        at += frozen;
        continue;
      }
      const lead = text[at]!;
      const codePoint = lead < 0x80 ? lead : codePointAt(text, at);
      const previousKind = kind;
      kind = symbols.kindOf(codePoint);
      // How an unused piece is taken apart depends on the whole text, which is then one stretch.
      if (this.length > 0 && unused === null && !symbols.mayJoin(previousKind, kind)) {
        this.finishStretch(text, emit);
        this.start = at;
      }
      this.append(symbols.ofCharacter(codePoint));
      at += lead < 0x80 ? 1 : characterLength(lead);
    }
    this.finishStretch(text, emit);
  }

  private append(symbol: number): void {
    if (this.length === this.symbol.length) {
      const larger = new Int32Array(2 * this.length);
      larger.set(this.symbol);
      this.symbol = larger;
    }
    this.symbol[this.length++] = symbol;
  }

  private finishStretch(text: Uint8Array, emit: EmitPart): void {
    if (this.length > SHORT || this.unused !== null) this.mergeByQueue();
    else if (this.length > 1) this.mergeByScan();
    const { symbol, symbols, unused } = this;
    let at = this.start;
    for (let i = 0; i < this.length; i++) {
      const part = symbol[i]!;
      if (part === UNKNOWN_SYMBOL) {
        const end = at + characterLength(text[at]!);
        emit(this.vocabulary.unknownId, at, end);
        at = end;
      } else if (unused !== null) {
        at = unused.emitUsed(part, at, emit);
      } else {
        const end = at + symbols.bytes[part]!;
        emit(symbols.id[part]!, at, end);
        at = end;
      }
    }
    this.length = 0;
  }

  private mergeByScan(): void {
    const { symbol, symbols } = this;
    const { rank } = symbols;
    const joined = this.next;
    let count = this.length;
    for (let i = 0; i + 1 < count; i++) joined[i] = symbols.joined(symbol[i]!, symbol[i + 1]!);
    while (count > 1) {
      let best = NONE;
      let bestRank = Number.POSITIVE_INFINITY;
      for (let i = 0; i + 1 < count; i++) {
        const piece = joined[i]!;
        if (piece === NOT_A_PIECE || rank[piece]! >= bestRank) continue;
        best = i;
        bestRank = rank[piece]!;
      }
      if (best === NONE) break;
      symbol[best] = joined[best]!;
      count--;
      for (let i = best + 1; i < count; i++) {
        symbol[i] = symbol[i + 1]!;
        joined[i] = joined[i + 1]!;
      }
      if (best > 0) joined[best - 1] = symbols.joined(symbol[best - 1]!, symbol[best]!);
      if (best + 1 < count) joined[best] = symbols.joined(symbol[best]!, symbol[best + 1]!);
    }
    this.length = count;
  }

  /** Merging in O(n log n): the pairs that are pieces wait in a queue, and one that changed meanwhile is passed over. */
  private mergeByQueue(): void {
    const count = this.length;
    if (this.next.length < count) {
      this.next = new Int32Array(this.symbol.length);
      this.previous = new Int32Array(this.symbol.length);
    }
    const { symbol, symbols, next, previous, queue, unused } = this;
    unused?.forget();
    const pieceAt = (place: number): number => {
      const right = next[place]!;
      return right === NONE ? NOT_A_PIECE : symbols.joined(symbol[place]!, symbol[right]!);
    };
    const offer = (place: number): void => {
      const piece = pieceAt(place);
      if (piece === NOT_A_PIECE) return;
      queue.push(symbols.rank[piece]!, place);
      unused?.note(piece, symbol[place]!, symbol[next[place]!]!);
    };
    for (let i = 0; i < count; i++) {
      next[i] = i + 1 < count ? i + 1 : NONE;
      previous[i] = i - 1;
    }
    for (let i = 0; i < count; i++) offer(i);
    while (queue.pop()) {
      const place = queue.place;
      if (next[place] === GONE) continue;
      const piece = pieceAt(place);
      // An outdated entry of the same rank may pass: the pair that took its place waits with an equal entry.
      if (piece === NOT_A_PIECE || symbols.rank[piece] !== queue.rank) continue;
      const right = next[place]!;
      const after = next[right]!;
      symbol[place] = piece;
      next[place] = after;
      next[right] = GONE;
      if (after !== NONE) previous[after] = place;
      if (previous[place] !== NONE) offer(previous[place]!);
      offer(place);
    }
    let length = 0;
    for (let place = 0; place !== NONE && count > 0; place = next[place]!) symbol[length++] = symbol[place]!;
    this.length = length;
  }
}

/** A place whose symbol was merged into the one before. */
const GONE = -2;

/**
 * Unused pieces take part in merging and are taken apart again at the end: into the last pair that was found to make
 * up the piece anywhere in the text, which is the library's rule.
 */
class UnusedPieces {
  private readonly pairs = new Map<number, { left: number; right: number }>();

  constructor(
    private readonly vocabulary: PieceVocabulary,
    private readonly symbols: BpeSymbols,
  ) {}

  forget(): void {
    this.pairs.clear();
  }

  note(piece: number, left: number, right: number): void {
    if (this.vocabulary.isUnused(piece)) this.pairs.set(piece, { left, right });
  }

  /** Emits the used parts of a symbol that begins at `start` and returns where it ends. */
  emitUsed(symbol: number, start: number, emit: EmitPart): number {
    const pair = this.pairs.get(symbol);
    if (pair !== undefined) return this.emitUsed(pair.right, this.emitUsed(pair.left, start, emit), emit);
    const end = start + this.symbols.bytes[symbol]!;
    emit(this.symbols.id[symbol]!, start, end);
    return end;
  }
}
