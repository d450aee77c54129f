import type { LayoutName } from '../../data/mixing-modes.js';
import { COMPRESSED_END, EOS, RAW_END, SPECIAL_COUNT } from '../../vocabulary/layout.js';
import type { DocumentIdentity, ShownDocument } from './representation.js';
import type { Window } from './windows.js';

/** What coding some text costs a model. All sums are in float64. */
export interface Cost {
  documents: number;
  /** Bytes of UTF-8 text. */
  bytes: number;
  /** Scored symbols: those that stand for text, id 64 and above. */
  tokens: number;
  /** Σ −log p of the scored symbols, in nats. */
  nats: number;
  /** Symbols that end a block or a document: `</raw>`, `</comp>` and EOS. */
  endings: number;
  /** Σ −log p of those. */
  endingNats: number;
}

export interface DocumentCost extends Cost {
  identity: DocumentIdentity;
  layout: LayoutName;
}

/** How much of what precedes a scored symbol the model could see: by window, and by document where a mask separates them. */
export interface ContextSeen {
  least: ContextAmount;
  mean: ContextAmount;
  /** Of symbols whose document (without a mask: whose stream) begins before what the window shows; null: of none. */
  cut: { least: ContextAmount /** Of all scored symbols, 0 … 1. */; share: number } | null;
}

export interface ContextAmount {
  symbols: number;
  bytes: number;
}

export function noCost(): Cost {
  return { documents: 0, bytes: 0, tokens: 0, nats: 0, endings: 0, endingNats: 0 };
}

export function addCost(total: Cost, { documents, bytes, tokens, nats, endings, endingNats }: Cost): void {
  total.documents += documents;
  total.bytes += bytes;
  total.tokens += tokens;
  total.nats += nats;
  total.endings += endings;
  total.endingNats += endingNats;
}

/** Bits that coding one byte of the text takes; NaN without text. */
export function bitsPerByte({ nats, bytes }: Pick<Cost, 'nats' | 'bytes'>): number {
  return bytes > 0 ? nats / Math.LN2 / bytes : Number.NaN;
}

/** As `bitsPerByte`, with the cost of telling where documents end. */
export function bitsPerByteWithEos({ nats, endingNats, bytes }: Cost): number {
  return bitsPerByte({ nats: nats + endingNats, bytes });
}

/** Whether a symbol stands for text. */
export const isText = (id: number): boolean => id >= SPECIAL_COUNT;

const ENDINGS: ReadonlySet<number> = new Set([EOS, RAW_END, COMPRESSED_END]);

/** Turns the scores of windows, in order, into what each document costs, and measures the context that was seen. */
export class ScoreTally {
  private current: { document: ShownDocument; cost: Cost } | null = null;
  private readonly context = new ContextMeasure();

  /** @param documentMask whether the model saw no further back than the last EOS */
  constructor(private readonly documentMask: boolean) {}

  /**
   * @param scores −log p of every label of the window in nats, [N]
   * @returns documents whose last symbol is among them
   */
  add(window: Window, scores: Float32Array): DocumentCost[] {
    const complete: DocumentCost[] = [];
    const { ids, spans } = window;
    let visible = 0;
    let t = 0;
    for (const { document, from, to, completes } of spans) {
      const { cost } = this.costOf(document);
      for (; t < to; t++) {
        if (this.documentMask && ids[t] === EOS) visible = t + 1;
        if (t < from) continue;
        const label = ids[t + 1]!;
        if (isText(label)) {
          cost.tokens++;
          cost.nats += scores[t]!;
          this.context.add(window, visible, t, this.documentMask);
        } else if (ENDINGS.has(label)) {
          cost.endings++;
          cost.endingNats += scores[t]!;
        }
      }
      if (completes) complete.push(this.close());
    }
    return complete;
  }

  /** The document in progress, with as many of its bytes as of its symbols were scored; null if there is none. */
  partial(): DocumentCost | null {
    if (this.current === null) return null;
    const { document, cost } = this.current;
    const symbols = document.blocks.reduce((sum, { start, end }) => sum + end - start, 0);
    const bytes = (document.identity.bytes * cost.tokens) / symbols;
    return { ...cost, documents: 0, bytes, identity: document.identity, layout: document.layout };
  }

  /** Of all symbols scored so far; null if there are none. */
  contextSeen(): ContextSeen | null {
    return this.context.summary();
  }

  private costOf(document: ShownDocument): { cost: Cost } {
    this.current ??= { document, cost: noCost() };
    return this.current;
  }

  private close(): DocumentCost {
    const { document, cost } = this.current!;
    this.current = null;
    const { identity, layout } = document;
    return { ...cost, documents: 1, bytes: identity.bytes, identity, layout };
  }
}

class ContextMeasure {
  private count = 0;
  private readonly total: ContextAmount = { symbols: 0, bytes: 0 };
  private readonly least: ContextAmount = { symbols: Infinity, bytes: Infinity };
  private cutCount = 0;
  private readonly leastCut: ContextAmount = { symbols: Infinity, bytes: Infinity };

  /** Input `t` and those from `visible` on are the context of label t. */
  add({ bytesBefore, cutsDocument, cutsStream }: Window, visible: number, t: number, documentMask: boolean): void {
    const symbols = t + 1 - visible;
    const bytes = bytesBefore[t + 1]! - bytesBefore[visible]!;
    this.count++;
    this.total.symbols += symbols;
    this.total.bytes += bytes;
    lower(this.least, symbols, bytes);
    if (visible > 0 || !(documentMask ? cutsDocument : cutsStream)) return;
    this.cutCount++;
    lower(this.leastCut, symbols, bytes);
  }

  summary(): ContextSeen | null {
    const { count, total, cutCount } = this;
    if (count === 0) return null;
    return {
      least: { ...this.least },
      mean: { symbols: total.symbols / count, bytes: total.bytes / count },
      cut: cutCount === 0 ? null : { least: { ...this.leastCut }, share: cutCount / count },
    };
  }
}

function lower(least: ContextAmount, symbols: number, bytes: number): void {
  least.symbols = Math.min(least.symbols, symbols);
  least.bytes = Math.min(least.bytes, bytes);
}
