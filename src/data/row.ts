import { cumulativeWeights, Random, type RandomState } from '../support/random/index.js';
import { type BatchStatistics, countBlock, countLiterals } from './batch-statistics.js';
import { type CompressionSettings, compressionAt } from './compression-schedule.js';
import { type CropWindows, drawCrops } from './crops.js';
import type { Cursor, DocumentStream, TakenDocument } from './document-stream.js';
import { drawCodeField, type Encoder, symbolsOf } from './encoding.js';
import {
  drawLayout,
  hasCompressedBlock,
  LAYOUTS,
  type LayoutName,
  type SizeRatioState,
  sizeRatio,
} from './mixing-modes.js';
import type { CropOptions, DataOptions } from './options.js';
import { SequencePacker } from './packing.js';
import { type LaidOutDocument, layOut, type SymbolLayoutOptions } from './symbol-layout.js';

/**
 * One row of the global batch. It reads documents, draws how each is shown, encodes them and packs them; nothing in it
 * depends on other rows, on the number of processes or on which of them owns it.
 *
 *     choose the source → take its next document → draw the layout → encode → lay out → pack
 *
 * A document is drawn with the rate and mode of the optimizer step that trains its first symbol.
 *
 * With crops, a document's block of symbols is cut at random positions instead, any or those where windows begin. A crop is what precedes the block (BOS,
 * and its sentinel) and then the symbols from its position on. It ends where the sequence does; where the document ends
 * first, as it would anyway, the next crop follows.
 */
export interface RowOptions {
  sequenceLength: number;
  views: number;
  compression: CompressionSettings;
  rateUnit: DataOptions['rateUnit'];
  compressor: Encoder;
  symbols: SymbolLayoutOptions;
  /** Null: documents are packed end to end. */
  crop: CropRule | null;
}

export interface CropRule extends Pick<CropOptions, 'every'> {
  /** Those at which crops of raw bytes begin; null: they begin anywhere. */
  windows: CropWindows | null;
}

/** A source of the mixture, as one row reads it. */
export interface WeightedStream {
  weight: number;
  stream: DocumentStream;
}

/** Everything that decides what a row yields next. Plain JSON. */
export interface RowState {
  random: RandomState;
  /** By source: what is read next. */
  cursors: Record<string, Cursor>;
  sizeRatio: SizeRatioState;
  /** Symbols that the next sequence shares with the last one. */
  pending: number[];
  /** The document that is not wholly packed yet: its draws are here, so that none is drawn again. */
  partial: PartialDocument | null;
}

interface PartialDocument {
  source: string;
  at: Cursor;
  layout: LayoutName;
  /** The field of its precomputed codes. */
  codeField: string | null;
  /** Ids that are packed already. */
  offset: number;
  /** Where the crops begin that are not packed yet; documents that are packed end to end have none. */
  crops?: number[];
}

interface OpenDocument extends PartialDocument {
  laidOut: LaidOutDocument;
}

export class Row {
  private readonly packer: SequencePacker;
  private readonly names: string[];
  private readonly weights: Float64Array;
  private measured: SizeRatioState = { bytes: 0, symbols: 0 };
  private current: OpenDocument | null = null;

  private constructor(
    private readonly options: RowOptions,
    private readonly sources: ReadonlyMap<string, WeightedStream>,
    private random: Random,
  ) {
    this.packer = new SequencePacker(options.sequenceLength, options.views, sharedSymbols(options));
    this.names = [...sources.keys()];
    this.weights = cumulativeWeights([...sources.values()].map(({ weight }) => weight));
  }

  /** A row at its beginning; its draws depend on the run's seed and its own number, on nothing else. */
  static begin(options: RowOptions, sources: ReadonlyMap<string, WeightedStream>, seed: number, row: number): Row {
    return new Row(options, sources, Random.fromSeed(seed, row));
  }

  /**
   * A row that goes on where another was. Sources that are new begin at their first document; those that are gone are
   * forgotten, with what was left of a document of theirs.
   */
  static async resume(
    options: RowOptions,
    sources: ReadonlyMap<string, WeightedStream>,
    state: RowState,
  ): Promise<Row> {
    const row = new Row(options, sources, Random.fromState(state.random));
    for (const [name, { stream }] of sources) {
      const cursor = state.cursors[name];
      if (cursor !== undefined) await stream.seek(cursor);
    }
    row.measured = state.sizeRatio;
    row.packer.restore(state.pending);
    const { partial } = state;
    const stream = partial === null ? undefined : sources.get(partial.source)?.stream;
    if (partial !== null && stream !== undefined) {
      await stream.seek(partial.at);
      const taken = await stream.take({ bad: 0, empty: 0 });
      row.current = { ...partial, laidOut: await row.layOut(taken, partial) };
    }
    return row;
  }

  /**
   * Packs the row's sequence for optimizer step `step` into `target`, of N + views − 1 ids, and counts what is new in it.
   *
   * @throws DataError for data that cannot be read; CompressorError for a document that cannot be encoded; PluginError for
   *   a compressor that fails
   */
  async next(step: number, target: Int32Array, statistics: BatchStatistics): Promise<void> {
    while (!this.packer.isFull) {
      this.current ??= await this.open(step, statistics);
      const pack = this.current.crops === undefined ? this.packNext : this.packCrop;
      this.current = pack.call(this, this.current, statistics);
    }
    this.packer.take(target);
  }

  /** Packs as much of the document as there is room for; returns what is left of it. */
  private packNext(document: OpenDocument, statistics: BatchStatistics): OpenDocument | null {
    const { laidOut, offset } = document;
    const end = this.packer.append(laidOut.ids, offset);
    for (const block of laidOut.blocks) {
      countBlock(statistics, block, offset, end);
      countLiterals(statistics, block, offset, end, laidOut.ids, this.options.views - 1);
    }
    return end < laidOut.ids.length ? { ...document, offset: end } : null;
  }

  /** Packs one crop, as far as there is room for it; returns the document with those that are left. */
  private packCrop(document: OpenDocument, statistics: BatchStatistics): OpenDocument | null {
    const { laidOut, crops = [] } = document;
    const [position, ...left] = crops;
    const block = laidOut.blocks[0];
    if (position === undefined || block === undefined) return null;
    this.packer.append(laidOut.ids.subarray(0, block.start));
    const start = block.start + position;
    countBlock(statistics, block, start, this.packer.append(laidOut.ids, start));
    return left.length > 0 ? { ...document, crops: left } : null;
  }

  state(): RowState {
    const { current } = this;
    const cursors = [...this.sources].map(([name, { stream }]) => [name, stream.cursor] as const);
    return {
      random: this.random.state(),
      cursors: Object.fromEntries(cursors),
      sizeRatio: this.measured,
      pending: this.packer.pending(),
      partial: current && {
        source: current.source,
        at: current.at,
        layout: current.layout,
        codeField: current.codeField,
        offset: current.offset,
        ...(current.crops !== undefined && { crops: current.crops }),
      },
    };
  }

  async close(): Promise<void> {
    for (const { stream } of this.sources.values()) await stream.close();
  }

  private async open(step: number, statistics: BatchStatistics): Promise<OpenDocument> {
    const { compression, rateUnit, crop } = this.options;
    const source = this.names[this.random.choice(this.weights)]!;
    const taken = await this.sources.get(source)!.stream.take(statistics.passedOver);
    const ratio = rateUnit === 'symbol' ? sizeRatio(this.measured) : 1;
    const layout = drawLayout(compressionAt(compression, step), ratio, this.random);
    const codeField = drawCodeField(taken.document, this.random);
    const laidOut = await this.layOut(taken, { layout, codeField });
    this.measure(laidOut);
    const windowEnds = crop?.windows?.ends(taken.document.bytes) ?? null;
    const crops = crop === null ? undefined : drawCrops(laidOut.blocks[0]!, crop, this.random, windowEnds);
    if (crops === undefined || crops.length > 0) statistics.documents++;
    return { source, at: taken.at, layout, codeField, offset: 0, laidOut, ...(crops !== undefined && { crops }) };
  }

  private async layOut(
    { document, locate }: TakenDocument,
    { layout, codeField }: Pick<PartialDocument, 'layout' | 'codeField'>,
  ): Promise<LaidOutDocument> {
    const { compressor, symbols: options } = this.options;
    const symbols = hasCompressedBlock(layout) ? await symbolsOf(document, codeField, compressor, locate) : null;
    return layOut(LAYOUTS[layout], document.bytes, symbols, options);
  }

  private measure({ blocks }: LaidOutDocument): void {
    for (const { representation, bytes, start, end } of blocks) {
      if (representation !== 'compressed') continue;
      this.measured = { bytes: this.measured.bytes + bytes, symbols: this.measured.symbols + end - start };
    }
  }
}

/** Symbols that a sequence of a row has in common with the one before it. */
export function sharedSymbols({ views, crop }: { views: number; crop: object | null }): number {
  return crop === null ? views - 1 : 0;
}
