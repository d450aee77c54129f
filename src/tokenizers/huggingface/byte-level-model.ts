import { TokenizerError } from '../../support/errors.js';
import type { IdBuffer } from '../id-buffer.js';
import { SymbolMerger } from '../merging/merge-symbols.js';
import type { Source } from '../splitting/source.js';
import { MAX_WORD_UNITS, WordCache } from '../word-cache.js';
import type { BpeFile } from './bpe-file.js';
import { BYTE_CHARACTERS, charactersOfBytes } from './byte-alphabet.js';
import { SymbolBuffer } from './symbol-buffer.js';
import type { TextModel } from './text-model.js';
import { requireWholeCharacters } from './whole-characters.js';

/** Bytes whose position in the word matters are looked up in four tables of 256. */
const NOT_FIRST = 256;
const LAST = 512;

/** BPE over the bytes of a word. */
export class ByteLevelModel implements TextModel {
  /** By byte, `NOT_FIRST` and `LAST` added where it applies: the symbol, or -1 if the vocabulary has none. */
  private readonly symbolOfByte = new Int32Array(4 * 256);
  private readonly wordMemory = new Uint8Array(MAX_WORD_UNITS);
  readonly lossless = true;
  private readonly symbols = new SymbolBuffer();
  private readonly merger: SymbolMerger;
  private readonly cache = new WordCache();
  /** By length: views of memory for the bytes of a short word. */
  private readonly shortWords = Array.from({ length: MAX_WORD_UNITS + 1 }, (_, length) =>
    this.wordMemory.subarray(0, length),
  );
  /** Tokens that are a word's ids whatever the merges are; empty unless the file says so. */
  private readonly wholeWords: ReadonlyMap<string, number>;
  private readonly longestWholeWord: number;

  constructor(
    private readonly model: BpeFile,
    private readonly file: string,
  ) {
    for (const [byte, character] of BYTE_CHARACTERS.entries()) {
      for (const at of [0, NOT_FIRST, LAST, NOT_FIRST | LAST]) {
        const prefix = (at & NOT_FIRST) !== 0 ? model.continuingPrefix : '';
        const suffix = (at & LAST) !== 0 ? model.endSuffix : '';
        this.symbolOfByte[at + byte] = model.ids.get(prefix + character + suffix) ?? -1;
      }
    }
    this.merger = new SymbolMerger(model.table);
    this.wholeWords = model.ignoreMerges ? model.ids : new Map();
    let longest = 0;
    for (const name of this.wholeWords.keys()) longest = Math.max(longest, name.length);
    this.longestWholeWord = longest;
  }

  get byteIds(): Int32Array | null {
    const ids = this.symbolOfByte.slice(LAST, LAST + 256);
    return ids.includes(-1) ? null : ids;
  }

  append({ units, text }: Source, start: number, end: number, out: IdBuffer): void {
    if (end - start === 1 && units[start]! < 0x80) {
      const id = this.symbolOfByte[LAST + units[start]!]!;
      if (id >= 0) {
        out.push(id);
        return;
      }
    }
    const cacheable = end - start <= MAX_WORD_UNITS;
    if (cacheable && this.cache.append(units, start, end, out)) return;
    const count = this.encodeWord(this.bytesOf(units, text, start, end));
    if (cacheable) this.cache.store(units, start, end, this.symbols.values, count);
    out.append(this.symbols.values, 0, count);
    this.symbols.release();
  }

  /** The UTF-8 of a word, in memory that the next word takes over. @throws TokenizerError for half of a surrogate pair */
  private bytesOf(units: Uint16Array, text: string, start: number, end: number): Uint8Array {
    const length = end - start;
    // Most are short and ASCII: going over their units is quicker than making a string and its bytes.
    if (length <= MAX_WORD_UNITS) {
      const bytes = this.shortWords[length]!;
      let seen = 0;
      for (let i = 0; i < length; i++) seen |= bytes[i] = units[start + i]!;
      if (seen < 0x80) return bytes;
    }
    const word = text.slice(start, end);
    requireWholeCharacters(word, this.file);
    return Buffer.from(word);
  }

  /** Leaves the ids of a word in `symbols` and returns their number. */
  private encodeWord(bytes: Uint8Array): number {
    if (bytes.length <= this.longestWholeWord) {
      const id = this.wholeWords.get(charactersOfBytes(bytes));
      if (id !== undefined) {
        this.symbols.reserve(1)[0] = id;
        return 1;
      }
    }
    const symbols = this.symbols.reserve(bytes.length);
    let count = 0;
    for (let i = 0; i < bytes.length; i++) {
      const at = (i > 0 ? NOT_FIRST : 0) + (i + 1 === bytes.length ? LAST : 0);
      const symbol = this.symbolOfByte[at + bytes[i]!]!;
      if (symbol >= 0) symbols[count++] = symbol;
      else count = this.appendUnknown(bytes[i]!, symbols, count);
    }
    return this.merger.merge(symbols, count);
  }

  private appendUnknown(byte: number, symbols: Int32Array, count: number): number {
    const { unknownId, fuseUnknown } = this.model;
    if (unknownId === undefined) {
      throw new TokenizerError(`the vocabulary has no token for byte ${byte}, and none for what is unknown`, {
        file: this.file,
        field: 'model.vocab',
        hint: 'Use a tokenizer whose vocabulary has all 256 bytes.',
      });
    }
    if (fuseUnknown && count > 0 && symbols[count - 1] === unknownId) return count;
    symbols[count] = unknownId;
    return count + 1;
  }
}
