import type { CropWindows } from '../../data/crops.js';
import { EOS, RAW_OFFSET } from '../../vocabulary/layout.js';
import type { ShownDocument } from './representation.js';
import type { Window } from './windows.js';

/**
 * Every document by itself, cut into crops that abut: a crop is what precedes the document's text (BOS, and its sentinel)
 * and then as many of its symbols as a window has room for, so that a model is measured on what it knows from the
 * window alone. Every symbol is scored exactly once; the last crop of a document is filled up with EOS.
 *
 *     document  b x x x x x e     context 3
 *     crop 1   [b x x x]          scores x x x
 *     crop 2   [b x x e]          scores x x e
 *
 * With windows, each crop ends where the last window does that it has room for, so that the next begins where a window
 * does. A window that is longer than a crop goes on in the next.
 */
export async function* cutCrops(
  documents: AsyncIterable<ShownDocument> | Iterable<ShownDocument>,
  cut: CropCut,
): AsyncGenerator<Window> {
  for await (const document of documents) yield* cropsOf(document, cut);
}

/** How documents are cut into crops. */
export interface CropCut {
  /** Symbols that the model reads of a crop. */
  context: number;
  /** Of documents that are shown as raw bytes; null: crops are as long as they can be. */
  windows: CropWindows | null;
}

/** Crops of one document: 1 at least, where it ends by a symbol of its own. */
export function cropCount(document: ShownDocument, cut: CropCut): number {
  let count = 0;
  for (const _ of cropEnds(document, cut)) count++;
  return count;
}

function* cropsOf(document: ShownDocument, cut: CropCut): Generator<Window> {
  const { blocks } = document;
  const { context } = cut;
  const { opening, text } = cropShape(document, context);
  const block = blocks[0];
  const symbols = block === undefined ? 0 : block.end - block.start;
  const bytesOfSymbol = block === undefined ? 0 : block.bytes / Math.max(1, symbols);
  let start = 0;
  for (const end of cropEnds(document, cut)) {
    const own = text.subarray(start, end);
    const first = start;
    const window = new Int32Array(context + 1).fill(EOS);
    window.set(opening);
    window.set(own, opening.length);
    const bytesBefore = Float64Array.from({ length: context + 1 }, (_, t) => {
      const seen = Math.max(0, t - opening.length);
      return Math.max(0, Math.min(seen, symbols - first)) * bytesOfSymbol;
    });
    const cuts = start > 0;
    const from = opening.length - 1;
    const completes = end === text.length;
    const span = { document, from, to: from + own.length, completes };
    yield { ids: window, bytesBefore, cutsDocument: cuts, cutsStream: cuts, spans: [span] };
    start = end;
  }
}

/** Where the crops of a document end, as indices of its text; the last is its length. */
function* cropEnds(document: ShownDocument, { context, windows }: CropCut): Generator<number> {
  const { text, room } = cropShape(document, context);
  const windowEnds = windows?.ends(rawBytes(document)) ?? new Uint32Array(0);
  let window = 0;
  for (let start = 0; start < text.length; ) {
    const full = Math.min(start + room, text.length);
    let end = 0;
    while (window < windowEnds.length && windowEnds[window]! <= full) end = windowEnds[window++]!;
    if (full === text.length || end <= start) end = full;
    yield end;
    start = end;
  }
}

function rawBytes({ ids, blocks }: ShownDocument): Uint8Array {
  const { start, end } = blocks[0] ?? { start: 0, end: 0 };
  return Uint8Array.from(ids.subarray(start, end), (id) => id - RAW_OFFSET);
}

interface CropShape {
  /** Symbols that begin every crop; text that nothing opens follows EOS, as everywhere else. */
  opening: ArrayLike<number>;
  /** All others of the document. */
  text: Int32Array;
  /** How many of them a crop has room for. */
  room: number;
}

function cropShape({ ids, blocks }: ShownDocument, context: number): CropShape {
  const start = blocks[0]?.start ?? 0;
  const opening = start > 0 ? ids.subarray(0, start) : [EOS];
  return { opening, text: ids.subarray(start), room: context + 1 - opening.length };
}

/** What the symbols of text cost at each distance from the beginning of their crop. */
export interface PositionCost {
  /** Symbols of text before it in its crop. */
  position: number;
  symbols: number;
  /** Mean of −log₂ p. */
  bits: number;
}

/** Adds up scores by position. All sums are in float64. */
export class PositionTally {
  private readonly symbols: Float64Array;
  private readonly nats: Float64Array;

  constructor(context: number) {
    this.symbols = new Float64Array(context);
    this.nats = new Float64Array(context);
  }

  /** @param scores −log p of every label of the crop in nats, [N] */
  add({ ids, spans }: Window, scores: Float32Array, isText: (id: number) => boolean): void {
    for (const { from, to } of spans)
      for (let t = from; t < to; t++) {
        if (!isText(ids[t + 1]!)) continue;
        this.symbols[t - from]!++;
        this.nats[t - from]! += scores[t]!;
      }
  }

  /** Of the positions that have symbols. */
  costs(): PositionCost[] {
    return Array.from(this.symbols, (symbols, position) => ({
      position,
      symbols,
      bits: this.nats[position]! / symbols / Math.LN2,
    })).filter(({ symbols }) => symbols > 0);
  }
}
