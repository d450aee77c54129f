import { TokenizerError } from '../../support/errors.js';
import { characterLength } from './utf8.js';

/**
 * Normalisation rules as SentencePiece compiles them into a model (`precompiled_charsmap`), also found in the
 * `Precompiled` normalizer of a Hugging Face `tokenizer.json`:
 *
 *   uint32 (little-endian)   size of the trie in bytes
 *   uint32[]                 a Darts-clone double array: from UTF-8 strings to offsets
 *   bytes                    the replacements, each ended by NUL, found at those offsets
 *
 * A unit of the double array holds its label in bits 0–7, whether it has a value in bit 8, and the distance to its
 * children in bits 9–30; a unit with bit 31 set is a value.
 */
export class CharsMap {
  private readonly units: Int32Array;
  /** The replacements, one after the other. */
  readonly replacements: Uint8Array;
  /** For each ASCII character: whether it stays as it is wherever another ASCII character, or nothing, follows. */
  readonly plainAscii: Uint8Array;
  /** Length of the rule that `match` found, and where its replacement lies; valid until the next call. */
  matched = 0;
  replacementStart = 0;
  replacementEnd = 0;

  /** @throws TokenizerError if the table is damaged; `file` and `field` say where it comes from */
  constructor(blob: Uint8Array, where: { file?: string; field?: string } = {}) {
    const view = new DataView(blob.buffer, blob.byteOffset, blob.length);
    const trieBytes = blob.length > 4 ? view.getUint32(0, true) : 0;
    if (trieBytes === 0 || trieBytes % 4 !== 0 || trieBytes > blob.length - 4) {
      throw damaged(`it says that its trie has ${trieBytes} bytes, and it has ${blob.length} in all`, where);
    }
    this.units = Int32Array.from({ length: trieBytes / 4 }, (_, i) => view.getInt32(4 + 4 * i, true));
    this.replacements = blob.subarray(4 + trieBytes);
    for (const unit of this.units) {
      if (unit < 0 && (unit & 0x7fffffff) >= Math.max(1, this.replacements.length)) {
        throw damaged('a rule points behind the last replacement', where);
      }
    }
    this.plainAscii = Uint8Array.from({ length: 128 }, (_, byte) => (this.startsAsciiRule(byte) ? 0 : 1));
  }

  /** Finds the longest rule for the text that begins at `at`; false if there is none. */
  longest(text: Uint8Array, at: number, end = text.length): boolean {
    return this.match(text, at, end, true);
  }

  /** Finds the shortest rule for the text that begins at `at`; false if there is none. */
  shortest(text: Uint8Array, at: number, end = text.length): boolean {
    return this.match(text, at, end, false);
  }

  private match(text: Uint8Array, at: number, end: number, longest: boolean): boolean {
    const { units } = this;
    this.matched = 0;
    let position = childrenOf(units[0]!);
    for (let i = at; i < end; i++) {
      position ^= text[i]!;
      if (position >= units.length) break;
      const unit = units[position]!;
      if (labelOf(unit) !== text[i]) break;
      position ^= childrenOf(unit);
      if (hasValue(unit) && position < units.length) {
        this.matched = i + 1 - at;
        this.replacementStart = units[position]! & 0x7fffffff;
        if (!longest) break;
      }
    }
    if (this.matched === 0) return false;
    const nul = this.replacements.indexOf(0, this.replacementStart);
    this.replacementEnd = nul < 0 ? this.replacements.length : nul;
    return true;
  }

  private startsAsciiRule(byte: number): boolean {
    if (this.longest(Uint8Array.of(byte), 0)) return true;
    const { units } = this;
    const node = childrenOf(units[0]!) ^ byte;
    if (node >= units.length || labelOf(units[node]!) !== byte) return false;
    const children = node ^ childrenOf(units[node]!);
    for (let next = 1; next < 128; next++) if (labelOf(units[children ^ next] ?? 0) === next) return true;
    return false;
  }
}

/** The label of a unit; negative for a value. */
const labelOf = (unit: number) => unit & 0x800000ff;
const hasValue = (unit: number) => (unit & 0x100) !== 0;
const childrenOf = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);

/**
 * Normalises as the SentencePiece library does: from left to right, the longest rule that fits is applied, and a
 * character without a rule stays.
 *
 * @throws TokenizerError if the table is damaged
 */
export function precompiledNormalizer(charsMap: Uint8Array): (text: string) => string {
  const rules = new CharsMap(charsMap);
  return (text) => {
    const input = Buffer.from(text);
    const parts: Uint8Array[] = [];
    let kept = 0;
    for (let at = 0; at < input.length; ) {
      if (isPlain(rules, input, at) || !rules.longest(input, at)) {
        at += characterLength(input[at]!);
        continue;
      }
      if (kept < at) parts.push(input.subarray(kept, at));
      parts.push(rules.replacements.subarray(rules.replacementStart, rules.replacementEnd));
      at += rules.matched;
      kept = at;
    }
    if (kept === 0) return input.toString();
    parts.push(input.subarray(kept));
    return Buffer.concat(parts).toString();
  };
}

/**
 * Normalises as the `Precompiled` normalizer of Hugging Face's tokenizers does, which differs from the library that
 * made the rules: a grapheme cluster of fewer than six bytes is replaced as a whole by the *shortest* rule it begins
 * with; any other cluster, or one without such a rule, is rewritten character by character. So `\r\n` becomes one space
 * where SentencePiece makes two, and a rule for a base with two accents is not found.
 *
 * Clusters are those of the Unicode version of this Node.
 *
 * @throws TokenizerError if the table is damaged
 */
export function precompiledGraphemeNormalizer(charsMap: Uint8Array): (text: string) => string {
  const rules = new CharsMap(charsMap);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const replacement = (part: string): string | undefined => {
    const bytes = Buffer.from(part);
    // The library stops at a NUL, the end of a string in C.
    if (bytes[0] === 0 || !rules.shortest(bytes, 0)) return undefined;
    return decoder.decode(rules.replacements.subarray(rules.replacementStart, rules.replacementEnd));
  };
  const rewritten = (cluster: string): string => {
    const whole = Buffer.byteLength(cluster) < SHORT_CLUSTER ? replacement(cluster) : undefined;
    return whole ?? Array.from(cluster, (character) => replacement(character) ?? character).join('');
  };
  const ascii = new Map(['\r\n', ...ASCII].map((cluster) => [cluster, rewritten(cluster)]));
  const changing = new RegExp(
    `\r\n${ASCII.filter((character) => ascii.get(character) !== character)
      .map(escaped)
      .join('')}`,
    'g',
  );
  return (text) => {
    let normalized = '';
    let from = 0;
    const asciiUpTo = (end: number): string =>
      text.slice(from, end).replace(changing, (cluster) => ascii.get(cluster)!);
    for (const { start, end } of partsAroundOthers(text)) {
      normalized += asciiUpTo(start);
      for (const cluster of clustersOf(text.slice(start, end))) normalized += rewritten(cluster);
      from = end;
    }
    return normalized + asciiUpTo(text.length);
  };
}

/** Bytes of a cluster that is no longer looked up as a whole. */
const SHORT_CLUSTER = 6;
const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
const OTHERS = /[^\0-\x7f]+/g;

const isVisibleAscii = (unit: number): boolean => unit >= 0x20 && unit < 0x7f;

/**
 * Characters beyond ASCII with the visible ones beside them, which may belong to the same cluster. Other characters of ASCII
 * are clusters of their own, but for `\r\n`: to find that out, the segmenter takes a hundred times as long as to copy them.
 * (One expression for a whole part would run out of stack after some million words.)
 */
function* partsAroundOthers(text: string): Generator<{ start: number; end: number }> {
  let part: { start: number; end: number } | null = null;
  for (const { 0: others, index } of text.matchAll(OTHERS)) {
    const behind = index + others.length;
    const start = isVisibleAscii(text.charCodeAt(index - 1)) ? index - 1 : index;
    const end = isVisibleAscii(text.charCodeAt(behind)) ? behind + 1 : behind;
    if (part !== null && start < part.end) part.end = end;
    else {
      if (part !== null) yield part;
      part = { start, end };
    }
  }
  if (part !== null) yield part;
}

/** UTF-16 units that are looked at together. */
const STRETCH = 256;

/**
 * The grapheme clusters of a text. The segmenter's time grows with the square of the text (half a minute for 100,000 characters
 * of Chinese), so it gets one stretch after another, each from the beginning of a cluster.
 */
function* clustersOf(text: string): Generator<string> {
  const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });
  for (let start = 0, units = STRETCH; start < text.length; ) {
    const end = start + units;
    const splitsPair = isHighSurrogate(text.charCodeAt(end - 1));
    const stretch = text.slice(start, splitsPair ? end + 1 : end);
    const clusters = Array.from(segmenter.segment(stretch), ({ segment }) => segment);
    // The last one may go on behind the stretch.
    const open = start + stretch.length < text.length ? clusters.pop()! : '';
    yield* clusters;
    start += stretch.length - open.length;
    units = clusters.length > 0 ? STRETCH : 2 * units;
  }
}

const isHighSurrogate = (unit: number): boolean => (unit & 0xfc00) === 0xd800;

const escaped = (character: string): string => `|\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;

function isPlain(rules: CharsMap, input: Uint8Array, at: number): boolean {
  const byte = input[at]!;
  return byte < 0x80 && rules.plainAscii[byte] === 1 && (at + 1 === input.length || input[at + 1]! < 0x80);
}

function damaged(what: string, where: { file?: string; field?: string }): TokenizerError {
  return new TokenizerError(`the table of normalisation rules is damaged: ${what}`, where);
}
