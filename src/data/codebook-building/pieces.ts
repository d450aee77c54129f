import { drawsOf } from '../tokenizer-training/selection.js';
import type { Pieces } from './sample-protocol.js';

/** Long documents are chosen in pieces of this many bytes, so that a few of them do not fill a sample. */
const PIECE_BYTES = 1 << 16;

/** A growing list of pieces. */
export class PieceList {
  private bytes = new Uint8Array(1 << 16);
  private size = 0;
  private readonly ends: number[] = [];
  private readonly draws: number[] = [];

  /** Adds those pieces of a document whose draw is below `share`. */
  addPiecesOf(document: Uint8Array, { seed, share }: { seed: number; share: number }): void {
    for (let start = 0; start < document.length; start += PIECE_BYTES) {
      const piece = document.subarray(start, start + PIECE_BYTES);
      const { sample } = drawsOf(piece, seed);
      if (sample < share) this.add(piece, sample);
    }
  }

  /** Adds those of other pieces whose draw is below `share`. */
  addBelow({ bytes, ends, draws }: Pieces, share: number): void {
    let start = 0;
    for (const [index, end] of ends.entries()) {
      if (draws[index]! < share) this.add(bytes.subarray(start, end), draws[index]!);
      start = end;
    }
  }

  take(): Pieces {
    return {
      bytes: this.bytes.slice(0, this.size),
      ends: Uint32Array.from(this.ends),
      draws: Float64Array.from(this.draws),
    };
  }

  private add(piece: Uint8Array, draw: number): void {
    const end = this.size + piece.length;
    if (end > this.bytes.length) {
      const longer = new Uint8Array(Math.max(end, 2 * this.bytes.length));
      longer.set(this.bytes.subarray(0, this.size));
      this.bytes = longer;
    }
    this.bytes.set(piece, this.size);
    this.size = end;
    this.ends.push(end);
    this.draws.push(draw);
  }
}
