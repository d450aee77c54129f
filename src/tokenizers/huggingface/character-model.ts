import { TokenizerError } from '../../support/errors.js';
import type { IdBuffer } from '../id-buffer.js';
import { SymbolMerger } from '../merging/merge-symbols.js';
import type { Source } from '../splitting/source.js';
import { MAX_WORD_UNITS, WordCache } from '../word-cache.js';
import type { BpeFile } from './bpe-file.js';
import { byteToken } from './byte-token.js';
import { JoinFilter } from './join-filter.js';
import { SymbolBuffer } from './symbol-buffer.js';
import type { TextModel } from './text-model.js';
import { requireWholeCharacters } from './whole-characters.js';

/** BPE over the characters of a word, as models that come from SentencePiece have it. */
export class CharacterModel implements TextModel {
  readonly lossless = true;
  private readonly symbols = new SymbolBuffer();
  private readonly merger: SymbolMerger;
  private readonly cache = new WordCache();
  /** By byte, the token that stands for it; null unless the file says that there are such tokens. */
  private readonly byteTokens: readonly (number | undefined)[] | null;
  /** Null where words must stay whole. */
  private readonly joins: JoinFilter | null;

  constructor(
    private readonly model: BpeFile,
    names: readonly (string | undefined)[],
    private readonly file: string,
  ) {
    this.merger = new SymbolMerger(model.table);
    this.byteTokens = model.byteFallback
      ? Array.from({ length: 256 }, (_, byte) => model.ids.get(byteToken(byte)))
      : null;
    this.joins = this.canCut() ? new JoinFilter(model.table, names) : null;
  }

  get byteIds(): Int32Array | null {
    if (this.byteTokens === null || this.byteTokens.includes(undefined)) return null;
    return Int32Array.from(this.byteTokens as readonly number[]);
  }

  append(source: Source, start: number, end: number, out: IdBuffer): void {
    const { joins } = this;
    if (joins === null) {
      this.appendPart(source, start, end, out, false);
      return;
    }
    const { units } = source;
    let from = start;
    for (let at = start + 1; at < end; at++) {
      if (joins.mayJoin(units[at - 1]!, units[at]!)) continue;
      this.appendPart(source, from, at, out, from > start);
      from = at;
    }
    this.appendPart(source, from, end, out, from > start);
  }

  /** Whether merges only know characters of the vocabulary, and those wherever they stand. */
  private canCut(): boolean {
    const { model, byteTokens } = this;
    if (model.ignoreMerges || model.continuingPrefix !== '' || model.endSuffix !== '') return false;
    const unmergeable = new Set([model.unknownId, ...(byteTokens ?? [])]);
    let areMerged = false;
    model.table.forEachPair((left, right) => {
      areMerged ||= unmergeable.has(left) || unmergeable.has(right);
    });
    return !areMerged;
  }

  private appendPart({ units, text }: Source, start: number, end: number, out: IdBuffer, continues: boolean): void {
    const cacheable = end - start <= MAX_WORD_UNITS;
    const before = out.length;
    const unknownBefore = continues && this.model.fuseUnknown && out.last() === this.model.unknownId;
    if (!(cacheable && this.cache.append(units, start, end, out))) {
      const count = this.encodePart(text.slice(start, end));
      if (cacheable) this.cache.store(units, start, end, this.symbols.values, count);
      out.append(this.symbols.values, 0, count);
      this.symbols.release();
    }
    if (unknownBefore) out.dropIf(before, this.model.unknownId!);
  }

  /** Leaves the ids of a part of a word in `symbols` and returns their number. */
  private encodePart(part: string): number {
    requireWholeCharacters(part, this.file);
    const { ids, ignoreMerges, continuingPrefix, endSuffix } = this.model;
    const whole = ignoreMerges ? ids.get(part) : undefined;
    if (whole !== undefined) {
      this.symbols.reserve(1)[0] = whole;
      return 1;
    }
    // A character of one UTF-16 unit has up to three bytes, each of which may become a symbol, and so may a suffix's.
    const symbols = this.symbols.reserve(3 * (part.length * (1 + continuingPrefix.length) + endSuffix.length));
    let count = 0;
    for (let at = 0; at < part.length; ) {
      const width = part.codePointAt(at)! > 0xffff ? 2 : 1;
      let name = part.slice(at, at + width);
      if (at > 0) name = continuingPrefix + name;
      at += width;
      if (at === part.length) name += endSuffix;
      const id = ids.get(name);
      if (id !== undefined) symbols[count++] = id;
      else count = this.appendUnknown(name, symbols, count);
    }
    return this.merger.merge(symbols, count);
  }

  private appendUnknown(name: string, symbols: Int32Array, count: number): number {
    const { unknownId, fuseUnknown } = this.model;
    const tokens =
      this.byteTokens === null ? undefined : Array.from(Buffer.from(name), (byte) => this.byteTokens![byte]);
    if (tokens !== undefined && !tokens.includes(undefined)) {
      for (const token of tokens) symbols[count++] = token!;
      return count;
    }
    if (unknownId === undefined) {
      throw new TokenizerError(
        `the vocabulary has no token for ${JSON.stringify(name)}, and none for what is unknown`,
        {
          file: this.file,
          field: 'model.vocab',
          hint: 'Use a tokenizer with byte fallback, or one that works on bytes.',
        },
      );
    }
    if (fuseUnknown && count > 0 && symbols[count - 1] === unknownId) return count;
    symbols[count] = unknownId;
    return count + 1;
  }
}
