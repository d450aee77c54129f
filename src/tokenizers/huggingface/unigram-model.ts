import { TokenizerError } from '../../support/errors.js';
import type { IdBuffer } from '../id-buffer.js';
import { ViterbiSegmenter } from '../sentencepiece/viterbi.js';
import type { Source } from '../splitting/source.js';
import { MAX_WORD_UNITS, WordCache } from '../word-cache.js';
import { BYTE_CHARACTERS, charactersOfBytes } from './byte-alphabet.js';
import { byteToken } from './byte-token.js';
import { SymbolBuffer } from './symbol-buffer.js';
import type { TextModel } from './text-model.js';
import type { UnigramFile } from './unigram-file.js';
import { requireWholeCharacters } from './whole-characters.js';

/** How much worse than the worst piece a character without a piece is. */
const UNKNOWN_PENALTY = 10;
/** What the segmenter calls a character without a piece where the file has no id for it. */
const NO_ID = -1;

/**
 * The most probable pieces of a word, with the library's corner cases: control tokens are pieces like any other, what is
 * unknown is looked up once more as a whole, and falls back to bytes then.
 */
export class UnigramModel implements TextModel {
  readonly byteIds: Int32Array | null;
  private readonly segmenter: ViterbiSegmenter;
  private readonly symbols = new SymbolBuffer();
  private readonly cache = new WordCache();
  private readonly unknownId: number;
  /** By byte; null unless the file says that bytes stand for what is unknown. */
  private readonly byteTokens: readonly (number | undefined)[] | null;

  /** @param byteLevel whether the vocabulary's characters stand for bytes */
  constructor(
    private readonly model: UnigramFile,
    private readonly byteLevel: boolean,
    private readonly file: string,
  ) {
    const { pieces, ids } = model;
    this.unknownId = model.unknownId ?? NO_ID;
    this.byteTokens = model.byteFallback ? Array.from({ length: 256 }, (_, byte) => ids.get(byteToken(byte))) : null;
    const alone = byteLevel ? BYTE_CHARACTERS.map((character) => ids.get(character)) : (this.byteTokens ?? []);
    const known = alone.filter((id) => id !== undefined);
    this.byteIds = known.length === 256 ? Int32Array.from(known) : null;
    const least = pieces.reduce((lowest, { score }) => Math.min(lowest, score), Number.POSITIVE_INFINITY);
    this.segmenter = new ViterbiSegmenter({
      pieces: Array.from(ids, ([name, id]) => ({ id, key: Buffer.from(name), score: pieces[id]!.score })).filter(
        ({ key }) => key.length > 0,
      ),
      unknown: { id: this.unknownId, score: least - UNKNOWN_PENALTY },
      precision: 'float64',
    });
  }

  /** The names of bytes and of the unknown token become their ids within a text, too. */
  get lossless(): boolean {
    return this.byteLevel && this.model.unknownId === undefined && !this.model.byteFallback;
  }

  append({ units, text }: Source, start: number, end: number, out: IdBuffer): void {
    const cacheable = end - start <= MAX_WORD_UNITS;
    if (cacheable && this.cache.append(units, start, end, out)) return;
    const count = this.encodeWord(this.bytesOf(text.slice(start, end)));
    if (cacheable) this.cache.store(units, start, end, this.symbols.values, count);
    out.append(this.symbols.values, 0, count);
    this.symbols.release();
  }

  private bytesOf(word: string): Buffer {
    requireWholeCharacters(word, this.file);
    const bytes = Buffer.from(word);
    return this.byteLevel ? Buffer.from(charactersOfBytes(bytes)) : bytes;
  }

  /** Leaves the ids of a word in `symbols` and returns their number. */
  private encodeWord(word: Buffer): number {
    // No token has less than a byte of the word.
    const symbols = this.symbols.reserve(word.length);
    let count = 0;
    /** Unknown characters side by side are one token, and begin here. */
    let unknownFrom = -1;
    this.segmenter.segment(word, (id, start) => {
      if (id === this.unknownId) {
        if (unknownFrom < 0) unknownFrom = start;
        return;
      }
      if (unknownFrom >= 0) count = this.appendUnknown(word.subarray(unknownFrom, start), symbols, count);
      unknownFrom = -1;
      symbols[count++] = id;
    });
    return unknownFrom < 0 ? count : this.appendUnknown(word.subarray(unknownFrom), symbols, count);
  }

  private appendUnknown(part: Buffer, symbols: Int32Array, count: number): number {
    const name = part.toString();
    if (this.unknownId === NO_ID)
      throw new TokenizerError(
        `the vocabulary has no token for ${JSON.stringify(name)}, and none for what is unknown`,
        {
          file: this.file,
          field: 'model.unk_id',
          hint: 'Use a tokenizer with an unknown token, or one that works on bytes.',
        },
      );
    const { byteTokens } = this;
    const whole = this.model.ids.get(name);
    if (whole === undefined && byteTokens !== null && part.every((byte) => byteTokens[byte] !== undefined)) {
      for (const byte of part) symbols[count++] = byteTokens[byte]!;
      return count;
    }
    symbols[count] = whole ?? this.unknownId;
    return count + 1;
  }
}
