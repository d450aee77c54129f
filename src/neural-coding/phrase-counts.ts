import type { SymbolFormat } from './code-symbols.js';
import type { Codebook } from './codebook.js';
import type { PhraseTable } from './phrase-table.js';
import { WindowEncoder } from './window-encoder.js';

/** The encoder of a codebook where only its windows matter, not the symbols that they are written as. */
export function parserOf(codebook: Codebook): WindowEncoder {
  return new WindowEncoder(codebook, formatOf(codebook));
}

/** The widest symbols that windows can be written as. */
export function formatOf({ windowBits }: Pick<Codebook, 'windowBits'>): SymbolFormat {
  let symbolBits = Math.min(windowBits, WIDEST_SYMBOL);
  while (windowBits % symbolBits !== 0) symbolBits--;
  return { symbolBits, numbering: 'sparse' };
}

const WIDEST_SYMBOL = 16;

/** How often each phrase of a codebook is the text of a window. Memory does not grow with the documents. */
export class PhraseCounts {
  documents = 0;
  bytes = 0;
  /** Windows and literals. */
  units = 0;
  literals = 0;
  /** By phrase. */
  readonly windows: Float64Array;
  readonly phrases: PhraseTable;

  constructor(private readonly encoder: Pick<WindowEncoder, 'parse' | 'phrases'>) {
    this.phrases = encoder.phrases;
    this.windows = new Float64Array(this.phrases.count);
  }

  add(document: Uint8Array): void {
    this.documents++;
    this.bytes += document.length;
    const units = this.encoder.parse(document);
    this.units += units.length;
    for (const unit of units) {
      if (unit < 256) this.literals++;
      else this.windows[unit - 256]!++;
    }
  }
}

/** What windows make of documents. */
export interface WindowStatistics {
  documents: number;
  bytes: number;
  windows: number;
  /** Bytes that no window begins with, each for itself. */
  literals: number;
  /** Literals count as windows; null without any. */
  bytesPerWindow: number | null;
  /** Of the τ bits of each window, and 8 of each literal. */
  bitsPerByte: number | null;
  /** Codes that occur, and those that phrases have. */
  codesSeen: number;
  codes: number;
  /** Share of the windows whose code belongs to more than one phrase. */
  ambiguousShare: number;
}

export function windowStatistics(counts: PhraseCounts, windowBits: number): WindowStatistics {
  const { documents, bytes, units, literals, phrases } = counts;
  const windows = units - literals;
  let [codes, codesSeen, ambiguous] = [0, 0, 0];
  for (let code = 0; code < 2 ** windowBits; code++) {
    const [first, end] = [phrases.firstOf[code]!, phrases.firstOf[code + 1]!];
    if (first === end) continue;
    codes++;
    let ofCode = 0;
    for (let phrase = first; phrase < end; phrase++) ofCode += counts.windows[phrase]!;
    if (ofCode > 0) codesSeen++;
    if (end - first > 1) ambiguous += ofCode;
  }
  return {
    documents,
    bytes,
    windows,
    literals,
    bytesPerWindow: units === 0 ? null : bytes / units,
    bitsPerByte: bytes === 0 ? null : (windows * windowBits + literals * 8) / bytes,
    codesSeen,
    codes,
    ambiguousShare: windows === 0 ? 0 : ambiguous / windows,
  };
}

/** A phrase and how many windows hold it. */
export interface FrequentPhrase {
  code: number;
  text: Uint8Array;
  windows: number;
}

/** The phrases that most windows hold, by falling count; of equal counts the lower code first. */
export function mostFrequentPhrases({ windows, phrases }: PhraseCounts, most: number): FrequentPhrase[] {
  const order = Array.from(windows.keys()).filter((phrase) => windows[phrase]! > 0);
  order.sort((a, b) => windows[b]! - windows[a]! || a - b);
  return order.slice(0, most).map((phrase) => ({
    code: phrases.codes[phrase]!,
    text: phraseText(phrases, phrase),
    windows: windows[phrase]!,
  }));
}

export function phraseText({ text, starts, lengths }: PhraseTable, phrase: number): Uint8Array {
  return text.subarray(starts[phrase]!, starts[phrase]! + lengths[phrase]!);
}
