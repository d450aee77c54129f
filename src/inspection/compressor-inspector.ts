import { asPluginFailure } from '../plugins/compressor-instance.js';
import type { Segment } from '../plugins/contracts.js';
import { symbolsFault } from '../plugins/symbols.js';
import { PluginError } from '../support/errors.js';
import { DistinctSymbols } from './distinct-symbols.js';
import type { ByteRange } from './excerpt.js';
import type { Cell, CompressorInspection, NamedCompressor } from './result.js';

/** How many symbols are kept for compressors that do not say what their symbols cover. */
const FIRST_SYMBOLS = 64;

/** What one compressor makes of a text that comes in documents. */
export class CompressorInspector {
  private readonly distinct: DistinctSymbols;
  private readonly cells: Cell[] = [];
  private readonly firstSymbols: number[] = [];
  private bytes = 0;
  private symbols = 0;

  constructor(private readonly inspected: NamedCompressor) {
    this.distinct = new DistinctSymbols(inspected.compressor.alphabetSize);
  }

  get name(): string {
    return this.inspected.name;
  }

  /**
   * @param offset where the document begins in the text
   * @param within the range of the document that is taken apart, or null
   * @throws CompressorError, PluginError as the compressor does, or if its segments break the contract
   */
  async add(document: Uint8Array, offset: number, within: ByteRange | null): Promise<void> {
    const { compressor } = this.inspected;
    try {
      const { symbols } = await compressor.encode(document);
      // Figures of symbols that cannot be would be of no use.
      const fault = symbolsFault(symbols, compressor.alphabetSize);
      if (fault !== null) throw this.broken(fault);
      this.distinct.add(symbols);
      this.firstSymbols.push(...symbols.subarray(0, FIRST_SYMBOLS - this.firstSymbols.length));
      if (within !== null && compressor.segments !== undefined)
        this.takeApart(await compressor.segments(document), { length: document.length, offset, within });
      this.bytes += document.length;
      this.symbols += symbols.length;
    } catch (error) {
      throw asPluginFailure(error, `the compressor "${this.name}" failed`);
    }
  }

  result(): CompressorInspection {
    const { name, summary, compressor } = this.inspected;
    const { bytes, symbols } = this;
    return {
      name,
      summary,
      fingerprint: compressor.fingerprint,
      statistics: {
        bytes,
        symbols,
        bytesPerSymbol: symbols === 0 ? null : bytes / symbols,
        alphabetSize: compressor.alphabetSize,
        distinctSymbols: this.distinct.count,
        uniformBitsPerByte: bytes === 0 ? null : (symbols * Math.log2(compressor.alphabetSize)) / bytes,
      },
      cells: compressor.segments === undefined ? null : this.cells,
      firstSymbols: this.firstSymbols,
    };
  }

  private takeApart(
    segments: Iterable<Segment>,
    { length, offset, within }: { length: number; offset: number; within: ByteRange },
  ): void {
    let previous = { byteStart: 0, byteEnd: 0 };
    let index = 0;
    let cell: Cell | null = null;
    for (const segment of segments) {
      this.requireOrder(segment, previous, length, index);
      const { byteStart, byteEnd, symbol, afterCut } = segment;
      if (byteStart >= within.end && within.end < length) return;
      if (cell === null || byteStart !== previous.byteStart || byteEnd !== previous.byteEnd) {
        cell = {
          byteStart: offset + byteStart,
          byteEnd: offset + byteEnd,
          symbolIndex: this.symbols + index,
          symbols: [],
          ...(afterCut === true && { afterCut }),
        };
        if (isShown(segment, within, length)) this.cells.push(cell);
      }
      cell.symbols.push(symbol);
      previous = segment;
      index++;
    }
    if (previous.byteEnd !== length) throw this.broken(`its segments end at byte ${previous.byteEnd} of ${length}`);
  }

  /** What follows relies on cells in order that cover the text. */
  private requireOrder(
    { byteStart, byteEnd }: Segment,
    previous: Pick<Segment, 'byteStart' | 'byteEnd'>,
    length: number,
    index: number,
  ): void {
    const continues = byteStart === previous.byteEnd && byteEnd >= byteStart && byteEnd <= length;
    const shares = byteStart === previous.byteStart && byteEnd === previous.byteEnd;
    if (!continues && !shares)
      throw this.broken(
        `symbol ${index} is said to cover bytes ${byteStart} to ${byteEnd} of ${length}, after ${previous.byteStart} to ${previous.byteEnd}`,
      );
  }

  private broken(what: string): PluginError {
    return new PluginError(`the compressor "${this.name}" describes its codes wrongly: ${what}`, {
      hint: 'Report this to the author of the plugin; docs/plugins.md describes the contract.',
    });
  }
}

/** Symbols that complete no byte are shown before the byte that follows them, or at the end of the document. */
function isShown({ byteStart, byteEnd }: Segment, { start, end }: ByteRange, length: number): boolean {
  if (byteEnd > byteStart) return byteEnd > start && byteStart < end;
  return byteStart >= start && (byteStart < end || byteStart === length);
}
