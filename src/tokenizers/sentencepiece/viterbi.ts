import { PieceTrie } from './piece-trie.js';
import type { EmitPart, Segmenter } from './segmentation.js';
import { characterLength } from './utf8.js';

/** A piece that text may be cut into. */
export interface ScoredPiece {
  id: number;
  /** UTF-8, not empty. */
  key: Uint8Array;
  score: number;
}

export interface ViterbiOptions {
  pieces: readonly ScoredPiece[];
  /** What a character without a piece of its own becomes; its score is rounded to the precision too. */
  unknown: { id: number; score: number };
  /** In which scores of paths are kept: SentencePiece's library uses 32 bits, Hugging Face's 64. It decides ties. */
  precision: 'float32' | 'float64';
}

/** A place in the text for which no path is known. */
const UNREACHED = -1;
/** A score of this size, in 32 bits, is taken off from all paths. */
const RESET = 100_000;
/** Bytes of text that the tables have room for at first. */
const ROOM = 1 << 12;
/** Bytes of the longest character in UTF-8. */
const LONGEST_CHARACTER = 4;

/**
 * Cuts text into the pieces whose scores (log probabilities) have the greatest sum: Viterbi's algorithm over the
 * lattice of all pieces (Kudo, "Subword Regularization", 2018, section 3). Of equal paths, that found first wins: the
 * one whose last piece begins earliest.
 *
 * A place that no piece lies across is on every path, so what comes before it is final. There the tables begin anew,
 * and memory is that of the longest part without such a place. The score goes on, since its rounding decides ties.
 */
export class ViterbiSegmenter implements Segmenter {
  private readonly trie: PieceTrie;
  /** By piece id. */
  private readonly scores: Float64Array;
  private readonly unknown: ViterbiOptions['unknown'];
  private readonly float32: boolean;
  /** Bytes of the longest part. */
  private readonly longest: number;
  /** Of the best path to each place, counted from the last final one: its score, its last piece and where that begins. */
  private best: Float32Array | Float64Array = new Float64Array(0);
  private lastId = new Int32Array(0);
  private lastStart = new Int32Array(0);

  constructor({ pieces, unknown, precision }: ViterbiOptions) {
    this.trie = new PieceTrie(pieces.map(({ key, id }) => ({ key, value: id })));
    this.scores = new Float64Array(pieces.reduce((size, { id }) => Math.max(size, id + 1), 0));
    for (const { id, score } of pieces) this.scores[id] = score;
    this.longest = pieces.reduce((longest, { key }) => Math.max(longest, key.length), LONGEST_CHARACTER);
    this.unknown = unknown;
    this.float32 = precision === 'float32';
    this.makeRoom(ROOM);
  }

  segment(text: Uint8Array, emit: EmitPart): void {
    const { trie, scores, unknown, float32 } = this;
    // All in local variables: this loop is where the time goes.
    let { best, lastId, lastStart } = this;
    let origin = 0;
    /** Places up to here are known or marked as unreached. */
    let reach = 0;
    best[0] = 0;
    for (let start = 0; start < text.length; ) {
      let place = start - origin;
      if (place === reach && place > 0) {
        this.emitPath(origin, reach, emit);
        best[0] = best[place]!;
        origin = start;
        place = 0;
        reach = 0;
      }
      if (place + this.longest >= best.length) {
        this.makeRoom(place + this.longest + 1);
        ({ best, lastId, lastStart } = this);
      }
      if (float32 && Math.abs(best[place]!) > RESET) this.reset(place, reach);
      const here = best[place]!;
      const characterEnd = start + characterLength(text[start]!);
      let isPiece = false;
      let node = 0;
      for (let at = start; at < text.length; ) {
        node = trie.step(node, text[at++]!);
        if (node < 0) break;
        const id = trie.valueAt(node);
        if (id < 0) continue;
        if (at === characterEnd) isPiece = true;
        const score = float32 ? Math.fround(scores[id]! + here) : scores[id]! + here;
        const end = at - origin;
        while (reach < end) lastStart[++reach] = UNREACHED;
        if (lastStart[end] === UNREACHED || score > best[end]!) {
          best[end] = score;
          lastId[end] = id;
          lastStart[end] = place;
        }
      }
      if (!isPiece) {
        const score = float32 ? Math.fround(unknown.score + here) : unknown.score + here;
        const end = characterEnd - origin;
        while (reach < end) lastStart[++reach] = UNREACHED;
        if (lastStart[end] === UNREACHED || score > best[end]!) {
          best[end] = score;
          lastId[end] = unknown.id;
          lastStart[end] = place;
        }
      }
      start = characterEnd;
    }
    this.emitPath(origin, reach, emit);
  }

  /** Lets the scores of paths begin anew at `place`, as the library does to keep the precision of 32 bits. */
  private reset(place: number, reach: number): void {
    const { best, lastStart } = this;
    const offset = best[place]!;
    best[place] = 0;
    for (let at = place + 1; at <= reach; at++) if (lastStart[at] !== UNREACHED) best[at] = best[at]! - offset;
  }

  /** Emits the best path to `reach`. On the way back each start is made to point to its end, then it is read forward. */
  private emitPath(origin: number, reach: number, emit: EmitPart): void {
    const { lastId, lastStart } = this;
    for (let end = reach, start = lastStart[end]!; end > 0; ) {
      const previous = lastStart[start]!;
      lastStart[start] = end;
      end = start;
      start = previous;
    }
    for (let start = 0; start < reach; ) {
      const end = lastStart[start]!;
      emit(lastId[end]!, origin + start, origin + end);
      start = end;
    }
  }

  private makeRoom(places: number): void {
    const room = Math.max(places, 2 * this.best.length);
    const best = this.float32 ? new Float32Array(room) : new Float64Array(room);
    const [lastId, lastStart] = [new Int32Array(room), new Int32Array(room)];
    best.set(this.best);
    lastId.set(this.lastId);
    lastStart.set(this.lastStart);
    [this.best, this.lastId, this.lastStart] = [best, lastId, lastStart];
  }
}
