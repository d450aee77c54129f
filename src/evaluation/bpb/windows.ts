import { EOS, SPECIAL_COUNT } from '../../vocabulary/layout.js';
import type { ShownDocument } from './representation.js';

/**
 * All documents, end to end, cut into windows (behaviour §9 step 5). A window has `context` inputs and as many labels;
 * each next one begins `stride` symbols later, and of its labels those are scored that no window before it scored. So
 * every symbol of the stream but the first is scored exactly once. The last window is filled up with EOS.
 *
 *     stream     b x x x x x e b y y y y e
 *     window 1  [b x x x x x]             scores x x x x x e
 *     window 2        [x x x e b y]       scores             b y y
 *     window 3              [e b y y y y] scores                   y y e
 */
export interface WindowShape {
  /** Symbols that the model reads, N. */
  context: number;
  /** Symbols between the beginnings of two windows, at most `context`. */
  stride: number;
}

export interface Window {
  /** [N + 1]: input t is element t, its label is element t + 1. */
  ids: Int32Array;
  /** Bytes of text that the stream's symbols before element t stand for, [N + 1]. */
  bytesBefore: Float64Array;
  /** Whether the stream begins before the window, with a document that goes on in it or (`cutsStream`) with any. */
  cutsDocument: boolean;
  cutsStream: boolean;
  /** Whose labels are scored, in order; together they are consecutive, and padding belongs to none. */
  spans: Span[];
}

/** Consecutive inputs of a window whose labels belong to one document. */
export interface Span {
  document: ShownDocument;
  /** `from` ≤ t < `to`. */
  from: number;
  to: number;
  /** Whether the document's last label is among them. */
  completes: boolean;
}

/** Windows that a stream of so many symbols is cut into. */
export function windowCount(symbols: number, { context, stride }: WindowShape): number {
  return symbols < 2 ? 0 : 1 + Math.max(0, Math.ceil((symbols - 1 - context) / stride));
}

/**
 * Symbols that precede the documents of a stream. A stream that begins with text, as it does where neither BOS nor
 * sentinels are used, would leave its first symbol without an input to predict it from: it gets the EOS that such a
 * symbol follows everywhere else.
 */
export function leadingSymbols(first: ShownDocument): readonly number[] {
  return first.ids.length > 0 && first.ids[0]! >= SPECIAL_COUNT ? [EOS] : [];
}

/** Cuts documents into windows, holding one window and the document in progress. */
export async function* cutWindows(
  documents: AsyncIterable<ShownDocument> | Iterable<ShownDocument>,
  shape: WindowShape,
): AsyncGenerator<Window> {
  const cutter = new WindowCutter(shape);
  for await (const document of documents) yield* cutter.append(document);
  const last = cutter.finish();
  if (last !== null) yield last;
}

/** A document with labels that no window has scored yet; `end` is one past its last symbol in the stream. */
interface OpenDocument {
  document: ShownDocument;
  end: number;
}

class WindowCutter {
  private readonly ids: Int32Array;
  private readonly bytesBefore: Float64Array;
  private filled = 0;
  /** Position in the stream of the buffer's first symbol. */
  private start = 0;
  /** Position in the stream of the first label that is not scored yet. */
  private unscored = 1;
  private bytes = 0;
  private cutsDocument = false;
  private readonly open: OpenDocument[] = [];

  constructor(private readonly shape: WindowShape) {
    this.ids = new Int32Array(shape.context + 1);
    this.bytesBefore = new Float64Array(shape.context + 1);
  }

  *append(document: ShownDocument): Generator<Window> {
    if (this.start + this.filled === 0) for (const id of leadingSymbols(document)) this.put(id);
    const { ids, blocks } = document;
    this.open.push({ document, end: this.start + this.filled + ids.length });
    let block = 0;
    for (let at = 0; at < ids.length; at++) {
      while (block < blocks.length && at >= blocks[block]!.end) block++;
      const current = blocks[block];
      this.put(ids[at]!);
      if (current !== undefined && at >= current.start) this.bytes += current.bytes / (current.end - current.start);
      if (this.filled === this.ids.length) yield this.take();
    }
  }

  /** The last window, if labels are left for it. */
  finish(): Window | null {
    if (this.start + this.filled <= this.unscored) return null;
    const end = this.filled;
    this.ids.fill(EOS, end);
    this.bytesBefore.fill(this.bytes, end);
    return this.window(end);
  }

  private put(id: number): void {
    this.ids[this.filled] = id;
    this.bytesBefore[this.filled++] = this.bytes;
  }

  private take(): Window {
    const { stride } = this.shape;
    const window = this.window(this.filled);
    this.cutsDocument = this.ids[stride - 1] !== EOS;
    this.ids.copyWithin(0, stride);
    this.bytesBefore.copyWithin(0, stride);
    this.filled -= stride;
    this.start += stride;
    return window;
  }

  /** @param length symbols of the stream in the buffer */
  private window(length: number): Window {
    const end = this.start + length;
    const spans: Span[] = [];
    while (this.unscored < end) {
      const { document, end: documentEnd } = this.open[0]!;
      const to = Math.min(end, documentEnd);
      const completes = to === documentEnd;
      // The label at position p of the stream is that of the input before it.
      spans.push({ document, from: this.unscored - 1 - this.start, to: to - 1 - this.start, completes });
      this.unscored = to;
      if (completes) this.open.shift();
    }
    return {
      ids: this.ids.slice(),
      bytesBefore: this.bytesBefore.slice(),
      cutsDocument: this.cutsDocument,
      cutsStream: this.start > 0,
      spans,
    };
  }
}
