import { MinHeap } from '../merging/min-heap.js';
import type { BpeSymbols } from './bpe-symbols.js';
import type { EmitPart } from './segmentation.js';
import type { PieceVocabulary } from './vocabulary.js';

/** An entry of the heap is `rank · PLACES + place`, exact in a double: ordered by rank, then from left to right. */
const PLACES = 2 ** 32;
const NONE = -1;
/** In place of its successor, marks a symbol that was merged into the one before. */
const GONE = -2;

/**
 * Merging for models with unused pieces (those of a restricted vocabulary). They take part in merging and are taken
 * apart at the end, into the pair that was last seen to make up the piece anywhere in the text: the library's rule,
 * for which the order in which pairs are seen matters too.
 */
export class ReversibleMerger {
  /** By unused piece: the pair last seen. */
  private readonly pairs = new Map<number, { left: number; right: number }>();

  constructor(
    private readonly vocabulary: PieceVocabulary,
    private readonly symbols: BpeSymbols,
  ) {}

  /** Merges the first `length` symbols, a whole text, in place and returns how many are left. */
  merge(symbols: Int32Array, length: number): number {
    const { merges } = this.symbols;
    const next = Int32Array.from({ length }, (_, i) => (i + 1 < length ? i + 1 : NONE));
    const previous = Int32Array.from({ length }, (_, i) => i - 1);
    const heap = new MinHeap(length);
    this.pairs.clear();
    const mergeAt = (place: number): number => {
      const right = next[place]!;
      return right === NONE ? -1 : merges.find(symbols[place]!, symbols[right]!);
    };
    const see = (place: number): void => {
      const merge = mergeAt(place);
      if (merge < 0) return;
      heap.push(merges.rankAt(merge) * PLACES + place);
      const piece = merges.resultAt(merge);
      if (!this.vocabulary.isUnused(piece)) return;
      this.pairs.set(piece, { left: symbols[place]!, right: symbols[next[place]!]! });
    };
    for (let i = 0; i < length; i++) see(i);
    while (heap.size > 0) {
      const entry = heap.pop();
      const rank = Math.floor(entry / PLACES);
      const place = entry - rank * PLACES;
      if (next[place] === GONE) continue;
      const merge = mergeAt(place);
      // An outdated entry of the same rank may pass: the pair that took its place waits with an equal entry.
      if (merge < 0 || merges.rankAt(merge) !== rank) continue;
      const right = next[place]!;
      const after = next[right]!;
      symbols[place] = merges.resultAt(merge);
      next[place] = after;
      next[right] = GONE;
      if (after !== NONE) previous[after] = place;
      if (previous[place] !== NONE) see(previous[place]!);
      see(place);
    }
    let remaining = 0;
    for (let place = length > 0 ? 0 : NONE; place !== NONE; place = next[place]!)
      symbols[remaining++] = symbols[place]!;
    return remaining;
  }

  /** Emits the used parts of a merged symbol that begins at `start` and returns where it ends. */
  emitUsed(symbol: number, start: number, emit: EmitPart): number {
    const pair = this.pairs.get(symbol);
    if (pair !== undefined) return this.emitUsed(pair.right, this.emitUsed(pair.left, start, emit), emit);
    const end = start + this.symbols.bytes[symbol]!;
    emit(this.symbols.id[symbol]!, start, end);
    return end;
  }
}
