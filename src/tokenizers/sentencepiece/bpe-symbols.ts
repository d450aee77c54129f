import { type Merge, MergeTable } from '../merging/merge-table.js';
import { PieceType } from './model-file.js';
import { SPACE_SYMBOL } from './normalizer.js';
import type { PieceVocabulary } from './vocabulary.js';

/** The symbol of a character that stands in no piece; it is never joined. */
export const UNKNOWN_SYMBOL = -1;
/** A kind of character of which no neighbour is ever joined. */
export const NO_KIND = 130;

/** Kinds of characters: each of ASCII, `▁`, and all the others. */
const SPACE_KIND = 128;
const OTHER_KIND = 129;
const KINDS = 131;
const SPACE_CODE_POINT = SPACE_SYMBOL.codePointAt(0)!;
const PLANE = 0x10000;

/**
 * The numbers that merging works with. A symbol is a piece (with the number of its id), a character that is no piece
 * but stands at an end of one, or a user-defined piece, which has a number of its own since it is never joined.
 */
export class BpeSymbols {
  /** By symbol: the id that it gets in the end; the unknown one for what is no piece, or an unused one. */
  readonly id: Int32Array;
  /** By symbol: bytes of UTF-8. */
  readonly bytes: Int32Array;
  /** Every way to make up a piece from two symbols. Ranks follow scores and are the same for equal ones. */
  readonly merges: MergeTable;
  private readonly ofBasicPlane = new Int32Array(PLANE).fill(UNKNOWN_SYMBOL);
  private readonly ofOtherPlanes = new Map<number, number>();
  private readonly ofUserDefined = new Map<number, number>();
  /** Whether any piece has a character of the one kind followed by one of the other. */
  private readonly adjacent = new Uint8Array(KINDS * KINDS);

  constructor(vocabulary: PieceVocabulary) {
    const names = vocabulary.pieces.map(({ name }) => name);
    for (const [name, id] of vocabulary.textual) {
      const codePoint = name.codePointAt(0)!;
      if (name.length === (codePoint < PLANE ? 1 : 2)) this.setCharacter(codePoint, id);
    }
    const ranks = ranksOf(vocabulary.pieces.map(({ score }) => score));
    const merges: Merge[] = [];
    for (const [name, id] of vocabulary.textual) {
      if (vocabulary.pieces[id]!.type === PieceType.USER_DEFINED) continue;
      for (const [left, right] of this.splits(name, vocabulary, names)) {
        merges.push({ left, right, rank: ranks[id]!, result: id });
      }
    }
    for (const [id, { name, type }] of vocabulary.pieces.entries()) {
      if (type === PieceType.USER_DEFINED) this.ofUserDefined.set(id, names.push(name) - 1);
    }
    this.merges = new MergeTable(merges);
    this.id = Int32Array.from(names, (name) => vocabulary.idOfPart(name));
    this.bytes = Int32Array.from(names, (name) => Buffer.byteLength(name));
  }

  /** The symbol of a character, or `UNKNOWN_SYMBOL`. */
  ofCharacter(codePoint: number): number {
    return codePoint < PLANE ? this.ofBasicPlane[codePoint]! : (this.ofOtherPlanes.get(codePoint) ?? UNKNOWN_SYMBOL);
  }

  /** The symbol of a user-defined piece. */
  ofUserDefinedPiece(id: number): number {
    return this.ofUserDefined.get(id)!;
  }

  kindOf(codePoint: number): number {
    return codePoint < SPACE_KIND ? codePoint : codePoint === SPACE_CODE_POINT ? SPACE_KIND : OTHER_KIND;
  }

  /** False only if no merge can ever span two neighbouring characters of these kinds. */
  mayJoin(leftKind: number, rightKind: number): boolean {
    return this.adjacent[leftKind * KINDS + rightKind] === 1;
  }

  /** Every way to make up a piece from two symbols. */
  private *splits(
    name: string,
    { textual }: PieceVocabulary,
    names: string[],
  ): Generator<[left: number, right: number]> {
    const codePoints = Array.from(name, (character) => character.codePointAt(0)!);
    let at = 0;
    for (let i = 1; i < codePoints.length; i++) {
      this.adjacent[this.kindOf(codePoints[i - 1]!) * KINDS + this.kindOf(codePoints[i]!)] = 1;
      at += codePoints[i - 1]! < PLANE ? 1 : 2;
      const left = i === 1 ? this.characterOfPiece(codePoints[0]!, names) : textual.get(name.slice(0, at));
      if (left === undefined) continue;
      const isLast = i === codePoints.length - 1;
      const right = isLast ? this.characterOfPiece(codePoints[i]!, names) : textual.get(name.slice(at));
      if (right !== undefined) yield [left, right];
    }
  }

  private characterOfPiece(codePoint: number, names: string[]): number {
    const known = this.ofCharacter(codePoint);
    if (known !== UNKNOWN_SYMBOL) return known;
    const symbol = names.push(String.fromCodePoint(codePoint)) - 1;
    this.setCharacter(codePoint, symbol);
    return symbol;
  }

  private setCharacter(codePoint: number, symbol: number): void {
    if (codePoint < PLANE) this.ofBasicPlane[codePoint] = symbol;
    else this.ofOtherPlanes.set(codePoint, symbol);
  }
}

/** The place of each score among the different ones, best first. */
function ranksOf(pieceScores: readonly number[]): Int32Array {
  // The library compares scores by their bits, so that −0 is less than 0; a Set would take them for one.
  const scores = pieceScores.map((score) => (Object.is(score, -0) ? -Number.MIN_VALUE : score));
  const ordered = Float64Array.from(new Set(scores)).sort().reverse();
  const rank = new Map(Array.from(ordered, (score, i) => [score, i]));
  return Int32Array.from(scores, (score) => rank.get(score)!);
}
