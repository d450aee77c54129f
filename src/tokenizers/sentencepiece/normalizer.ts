import type { NormalizationSpec } from './model-file.js';
import type { PieceTrie } from './piece-trie.js';
import { CharsMap } from './precompiled.js';
import { characterLength } from './utf8.js';

/** `▁` (U+2581), which stands for a space in pieces. */
export const SPACE_SYMBOL = '\u2581';
const SPACE_SYMBOL_BYTES = new TextEncoder().encode(SPACE_SYMBOL);
const SPACE = 0x20;

export interface NormalizerOptions extends NormalizationSpec {
  whitespaceAsSuffix: boolean;
  /** Pieces that no rule touches. */
  userDefined: PieceTrie | null;
}

/**
 * From the text to the UTF-8 that is cut into pieces: rules of replacement, removal of superfluous spaces, the dummy
 * space and `▁` for spaces, in the order and with the corner cases of the library's `Normalizer::Normalize`.
 *
 * A lone surrogate of the text becomes U+FFFD.
 *
 * @throws TokenizerError if the table of rules is damaged
 */
export function sentencePieceNormalizer(options: NormalizerOptions, file: string): (text: string) => Uint8Array {
  const { charsMap, removeExtraWhitespaces, addDummyPrefix, escapeWhitespaces, whitespaceAsSuffix } = options;
  const space = escapeWhitespaces ? SPACE_SYMBOL : ' ';
  if (charsMap.length === 0 && !removeExtraWhitespaces) {
    const before = addDummyPrefix && !whitespaceAsSuffix ? space : '';
    const after = addDummyPrefix && whitespaceAsSuffix ? space : '';
    return (text) => {
      if (text === '') return new Uint8Array(0);
      return Buffer.from(before + (escapeWhitespaces ? text.replaceAll(' ', SPACE_SYMBOL) : text) + after);
    };
  }
  const rules =
    charsMap.length === 0 ? null : new CharsMap(charsMap, { file, field: 'normalizer_spec.precompiled_charsmap' });
  const plain = plainCharacters(rules, options.userDefined);
  return (text) => new Normalization(Buffer.from(text), options, rules, plain).run();
}

/** For each ASCII character: whether it stays as it is wherever another ASCII character, or nothing, follows. */
function plainCharacters(rules: CharsMap | null, userDefined: PieceTrie | null): Uint8Array {
  const plain = rules === null ? new Uint8Array(128).fill(1) : Uint8Array.from(rules.plainAscii);
  for (let byte = 0; byte < 128; byte++) if (userDefined !== null && userDefined.step(0, byte) >= 0) plain[byte] = 0;
  return plain;
}

/** One run over one text. */
class Normalization {
  private output: Uint8Array;
  private length = 0;
  /** What a space becomes. */
  private readonly symbol: Uint8Array;
  /** The bytes that replace the prefix last read: `source[from … to)`. */
  private source: Uint8Array;
  private from = 0;
  private to = 0;

  constructor(
    private readonly input: Uint8Array,
    private readonly options: NormalizerOptions,
    private readonly rules: CharsMap | null,
    private readonly plain: Uint8Array,
  ) {
    this.source = input;
    this.symbol = options.escapeWhitespaces ? SPACE_SYMBOL_BYTES : Uint8Array.of(SPACE);
    this.output = new Uint8Array(input.length + (input.length >> 1) + 16);
  }

  run(): Uint8Array {
    const { input, plain } = this;
    const { removeExtraWhitespaces, addDummyPrefix, whitespaceAsSuffix } = this.options;
    let at = removeExtraWhitespaces ? this.afterLeadingSpaces() : 0;
    if (at === input.length) return new Uint8Array(0);
    if (addDummyPrefix && !whitespaceAsSuffix) this.writeSpace();

    let afterSpace = removeExtraWhitespaces;
    while (at < input.length) {
      const byte = input[at]!;
      if (byte < 0x80 && plain[byte] === 1 && (at + 1 === input.length || input[at + 1]! < 0x80)) {
        at++;
        if (byte !== SPACE) {
          if (this.length === this.output.length) this.reserve(1);
          this.output[this.length++] = byte;
          afterSpace = false;
        } else if (!afterSpace) {
          this.writeSpace();
          afterSpace = removeExtraWhitespaces;
        }
        continue;
      }
      at += this.readPrefix(at);
      while (afterSpace && this.from < this.to && this.source[this.from] === SPACE) this.from++;
      if (this.from < this.to) {
        afterSpace = removeExtraWhitespaces && this.source[this.to - 1] === SPACE;
        this.writeReplacement();
      }
    }

    if (removeExtraWhitespaces) this.removeTrailingSpaces();
    if (addDummyPrefix && whitespaceAsSuffix) this.writeSpace();
    return this.output.subarray(0, this.length);
  }

  private afterLeadingSpaces(): number {
    let at = 0;
    while (at < this.input.length) {
      const length = this.readPrefix(at);
      if (this.to - this.from !== 1 || this.source[this.from] !== SPACE) break;
      at += length;
    }
    return at;
  }

  /** Sets `source[from … to)` to what replaces the prefix at `at` and returns the prefix's length in bytes. */
  private readPrefix(at: number): number {
    const { input, rules } = this;
    const userDefined = this.options.userDefined?.longestMatch(input, at) ?? 0;
    if (userDefined === 0 && rules?.longest(input, at)) {
      this.source = rules.replacements;
      this.from = rules.replacementStart;
      this.to = rules.replacementEnd;
      return rules.matched;
    }
    const length = userDefined || characterLength(input[at]!);
    this.source = input;
    this.from = at;
    this.to = at + length;
    return length;
  }

  private writeReplacement(): void {
    const { source, from, to } = this;
    this.reserve(SPACE_SYMBOL_BYTES.length * (to - from));
    for (let i = from; i < to; i++) {
      if (source[i] === SPACE) this.writeSpace();
      else this.output[this.length++] = source[i]!;
    }
  }

  private writeSpace(): void {
    this.reserve(SPACE_SYMBOL_BYTES.length);
    const { output, symbol } = this;
    for (let i = 0; i < symbol.length; i++) output[this.length++] = symbol[i]!;
  }

  /** The dummy space before nothing is removed too, as in the library. */
  private removeTrailingSpaces(): void {
    const { symbol } = this;
    const endsWithSpace = () =>
      this.length >= symbol.length && symbol.every((byte, i) => this.output[this.length - symbol.length + i] === byte);
    while (endsWithSpace()) this.length -= symbol.length;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.output.length) return;
    const larger = new Uint8Array(2 * this.output.length + bytes);
    larger.set(this.output.subarray(0, this.length));
    this.output = larger;
  }
}
