import { createHash } from 'node:crypto';
import { basename, relative } from 'node:path';
import { type Compression, type CompressionSettings, compressionAt } from '../../data/compression-schedule.js';
import type { LocatedDocument } from '../../data/documents.js';
import { drawCodeField, type Encoder, symbolsOf } from '../../data/encoding.js';
import {
  drawLayout,
  hasCompressedBlock,
  LAYOUTS,
  type LayoutName,
  type SizeRatioState,
  sizeRatio,
} from '../../data/mixing-modes.js';
import type { DataOptions } from '../../data/options.js';
import { type CodePlace, type CodeSettings, locateCodes } from '../../data/precomputed.js';
import { type LaidOutDocument, layOut, type SymbolLayoutOptions } from '../../data/symbol-layout.js';
import type { Compressor } from '../../plugins/contracts.js';
import { Random } from '../../support/random/index.js';

/** Which document this is, on every machine that holds the same data. */
export interface DocumentIdentity {
  /** File, relative to the folder that was read. */
  source: string;
  /** Position among the documents of that file, from 0. */
  index: number;
  /** First 16 hexadecimal digits of the SHA-256 of the text. */
  hash: string;
  /** Bytes of UTF-8 text. */
  bytes: number;
}

/** A document as the model sees it. */
export interface ShownDocument extends LaidOutDocument {
  identity: DocumentIdentity;
  layout: LayoutName;
}

/** How documents are shown to the model, and all that this depends on. */
export interface RepresentationSettings {
  compression: Compression;
  rateUnit: DataOptions['rateUnit'];
  /** Null where nothing is shown compressed. */
  compressor: Encoder | null;
  symbols: SymbolLayoutOptions;
  /** Seed of the layout that is drawn for each document. */
  seed: number;
}

/**
 * Raw bytes as training shows them (between sentinels, unless it has none), or the mixture of the optimizer step that
 * a checkpoint was written after (behaviour §9 step 3).
 */
export function evaluatedCompression(settings: CompressionSettings, step: number, rawOnly: boolean): Compression {
  const trained = compressionAt(settings, Math.max(0, step - 1));
  return rawOnly ? { mode: trained.mode === 'vanilla' ? 'vanilla' : 'sentinel', rate: 0 } : trained;
}

/**
 * Where the documents are read: with precomputed codes, if any are shown compressed.
 *
 * @param compressor null: nothing is
 * @throws as `locateCodes`
 */
export async function documentsPlace(
  data: string,
  compressor: Pick<Compressor, 'field' | 'fingerprint'> | null,
  settings: CodeSettings,
): Promise<CodePlace> {
  return compressor !== null ? locateCodes(data, compressor, settings) : { path: data, codeField: null, note: null };
}

/**
 * Draws a layout for every document and lays it out. Every document takes as many of the draws, so that its own depends
 * on the seed and its position alone, and models which share a mixture are shown the same.
 *
 * @param root folder or file that the documents were read from
 * @throws what `symbolsOf` throws for a document that has no codes, or not those of the compressor, with its file and line
 */
export async function* showDocuments(
  documents: AsyncIterable<LocatedDocument>,
  root: string,
  { compression, rateUnit, compressor, symbols, seed }: RepresentationSettings,
): AsyncGenerator<ShownDocument> {
  const measured: SizeRatioState = { bytes: 0, symbols: 0 };
  const layouts = Random.fromSeed(seed, 0);
  const fields = Random.fromSeed(seed, 1);
  let file: string | null = null;
  let index = 0;
  for await (const document of documents) {
    if (document.file !== file) index = 0;
    file = document.file;
    const layout = drawLayout(compression, rateUnit === 'symbol' ? sizeRatio(measured) : 1, layouts);
    const codeField = drawCodeField(document, fields);
    const codes = hasCompressedBlock(layout)
      ? await symbolsOf(document, codeField, compressor!, document.locate)
      : null;
    if (codes !== null) {
      measured.bytes += document.bytes.length;
      measured.symbols += codes.length;
    }
    yield {
      ...layOut(LAYOUTS[layout], document.bytes, codes, symbols),
      layout,
      identity: {
        source: relative(root, file) || basename(file),
        index: index++,
        hash: createHash('sha256').update(document.bytes).digest('hex').slice(0, 16),
        bytes: document.bytes.length,
      },
    };
  }
}
