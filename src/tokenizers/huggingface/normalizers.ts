import { compilePattern } from '../patterns/compile.js';
import { precompiledGraphemeNormalizer } from '../sentencepiece/precompiled.js';
import { MatchedParts } from '../splitting/matched-parts.js';
import { charactersOf, classOf, setOf } from '../unicode/code-point-set.js';
import { strippedMarks, unknownToNormalForms, whiteSpace } from '../unicode/properties.js';
import { BYTE_CHARACTERS } from './byte-alphabet.js';
import type { Field } from './field.js';

/** Changes a text before it is cut, such as to its composed form. */
export type Normalizer = (text: string) => string;

const UNCHANGED: Normalizer = (text) => text;

const NORMALIZERS: Readonly<Record<string, (field: Field) => Normalizer>> = {
  Sequence: (field) => sequence(field.get('normalizers').items().map(normalizerOf)),
  NFC: () => normalForm('NFC'),
  NFD: () => normalForm('NFD'),
  NFKC: () => normalForm('NFKC'),
  NFKD: () => normalForm('NFKD'),
  // Rust lowers letter by letter, so that a sigma that ends a word becomes the same as any other.
  Lowercase: () => (text) => text.replaceAll('Σ', 'σ').toLowerCase(),
  Strip: (field) => strip(field.get('strip_left').boolean(true), field.get('strip_right').boolean(true)),
  StripAccents: () => removing(classOf(strippedMarks())),
  Replace: replace,
  Prepend: (field) => {
    const prefix = field.get('prepend').string();
    return (text) => (text === '' ? text : prefix + text);
  },
  Nmt: nmt,
  Precompiled: (field) => {
    const chars = Buffer.from(field.get('precompiled_charsmap').string(), 'base64');
    return precompiledGraphemeNormalizer(chars);
  },
  ByteLevel: () => (text) => Array.from(Buffer.from(text), (byte) => BYTE_CHARACTERS[byte]).join(''),
};

/**
 * The normalizer of a `tokenizer.json`; null if there is none, or none that does anything.
 *
 * @throws TokenizerError if it is damaged or not supported
 */
export function readNormalizer(field: Field): Normalizer | null {
  if (field.isAbsent) return null;
  const normalizer = normalizerOf(field);
  return normalizer === UNCHANGED ? null : normalizer;
}

function normalizerOf(field: Field): Normalizer {
  const type = field.type();
  const make = Object.hasOwn(NORMALIZERS, type) ? NORMALIZERS[type] : undefined;
  if (make === undefined) throw field.unsupported(`the normalizer ${type} is not supported`);
  return make(field);
}

function sequence(normalizers: Normalizer[]): Normalizer {
  const effective = normalizers.filter((normalizer) => normalizer !== UNCHANGED);
  if (effective.length === 0) return UNCHANGED;
  return (text) => effective.reduce((normalized, normalizer) => normalizer(normalized), text);
}

/**
 * The library's normal forms are those of Unicode 9. Later characters are left alone there, and separate what stands
 * around them; the forms of earlier ones are the same in every later version, by Unicode's policy of stability.
 */
function normalForm(form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD'): Normalizer {
  const known = new RegExp(`[^${classOf(unknownToNormalForms()).slice(1)}+`, 'gu');
  return (text) => {
    const normalized = text.normalize(form);
    // What is normal as a whole is normal in parts.
    return normalized === text ? text : text.replaceAll(known, (part) => part.normalize(form));
  };
}

function removing(characters: string): Normalizer {
  const pattern = new RegExp(`${characters}+`, 'gu');
  return (text) => text.replaceAll(pattern, '');
}

function strip(left: boolean, right: boolean): Normalizer {
  const isSpace = new Set(
    whiteSpace().flatMap(([begin, end]) => Array.from({ length: end - begin }, (_, i) => begin + i)),
  );
  return (text) => {
    let start = 0;
    let end = text.length;
    if (left) while (start < end && isSpace.has(text.charCodeAt(start))) start++;
    if (right) while (end > start && isSpace.has(text.charCodeAt(end - 1))) end--;
    return text.slice(start, end);
  };
}

/** What `Replace` does, as a normalizer and as a decoder. @throws TokenizerError for a pattern that is not supported */
export function replace(field: Field): Normalizer {
  const content = field.get('content').string();
  const pattern = field.get('pattern');
  const text = pattern.get('String');
  if (!text.isAbsent) {
    const wanted = text.string();
    return wanted === '' ? UNCHANGED : (input) => input.replaceAll(wanted, () => content);
  }
  const regex = pattern.get('Regex');
  const parts = new MatchedParts(compilePattern(regex.string(), field.file, regex.path));
  return (input) => {
    let output = '';
    parts.open(input);
    while (parts.next()) output += parts.matched ? content : input.slice(parts.start, parts.end);
    return output;
  };
}

/** Control characters that the rules of the "NMT" preset remove, and characters that they replace by blanks. */
const NMT_REMOVED = classOf(setOf([0x01, 0x09], [0x0b, 0x0c], [0x0e, 0x20], [0x7f, 0x80], [0x8f, 0x90], [0x9f, 0xa0]));
const NMT_BLANKS = classOf(charactersOf('\t\n\f\r\u1680\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u2581\ufeff\ufffd'));

function nmt(): Normalizer {
  const removed = new RegExp(NMT_REMOVED, 'gu');
  const blanks = new RegExp(NMT_BLANKS, 'gu');
  return (text) => text.replaceAll(removed, '').replaceAll(blanks, ' ');
}
