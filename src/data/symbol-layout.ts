import { BOS, COMPRESSED_END, COMPRESSED_START, EOS, RAW_END, RAW_OFFSET, RAW_START } from '../vocabulary/layout.js';
import type { VocabularyLayout } from '../vocabulary/vocabulary.js';
import type { DocumentLayout, Representation } from './mixing-modes.js';

/** A document as the model sees it. */
export interface LaidOutDocument {
  ids: Int32Array;
  blocks: Block[];
}

/** Which of the ids stand for text: `start` ≤ index < `end`. */
export interface Block {
  representation: Representation;
  start: number;
  end: number;
  /** Bytes of text that the block stands for. */
  bytes: number;
}

export interface SymbolLayoutOptions {
  vocabulary: Pick<VocabularyLayout, 'compressedOffset'>;
  addBos: boolean;
  addEos: boolean;
}

const SENTINELS: Readonly<Record<Representation, readonly [start: number, end: number]>> = {
  raw: [RAW_START, RAW_END],
  compressed: [COMPRESSED_START, COMPRESSED_END],
};

/**
 * The ids of a document (behaviour §1.4), for example `BOS <raw> bytes </raw> <comp> symbols </comp> EOS`.
 *
 * @param bytes UTF-8 text
 * @param symbols its codes; needed if the layout has a compressed block
 */
export function layOut(
  layout: DocumentLayout,
  bytes: Uint8Array,
  symbols: Uint32Array | null,
  { vocabulary, addBos, addEos }: SymbolLayoutOptions,
): LaidOutDocument {
  const sources: Record<Representation, { values: Uint8Array | Uint32Array; offset: number }> = {
    raw: { values: bytes, offset: RAW_OFFSET },
    compressed: {
      values: symbols ?? new Uint32Array(0),
      offset: layout.sentinels ? vocabulary.compressedOffset : RAW_OFFSET,
    },
  };
  let length = 0;
  for (const blocks of layout.documents) {
    length += Number(addBos) + Number(addEos);
    for (const block of blocks) length += sources[block].values.length + (layout.sentinels ? 2 : 0);
  }
  const ids = new Int32Array(length);
  const placed: Block[] = [];
  let at = 0;
  for (const blocks of layout.documents) {
    if (addBos) ids[at++] = BOS;
    for (const representation of blocks) {
      const { values, offset } = sources[representation];
      if (layout.sentinels) ids[at++] = SENTINELS[representation][0];
      placed.push({ representation, start: at, end: at + values.length, bytes: bytes.length });
      for (let i = 0; i < values.length; i++) ids[at++] = values[i]! + offset;
      if (layout.sentinels) ids[at++] = SENTINELS[representation][1];
    }
    if (addEos) ids[at++] = EOS;
  }
  return { ids, blocks: placed };
}
