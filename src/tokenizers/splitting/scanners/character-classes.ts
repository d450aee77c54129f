import { CODE_POINTS } from '../../unicode/encoding.js';
import { category, whiteSpace } from '../../unicode/properties.js';

/** What the well-known patterns ask about a character, as bits. */
export const LETTER = 1;
export const NUMBER = 2;
export const SPACE = 4;
export const NEWLINE = 8;
/** `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, what may stand before the small letters of a word. */
export const UPPER = 16;
/** `[\p{Ll}\p{Lm}\p{Lo}\p{M}]` */
export const LOWER = 32;
/** `[\p{L}\p{M}]` */
export const LETTER_OR_MARK = 64;
/** One half of a character beyond the first 65,536: the other bits are those of the whole character. */
const SURROGATE = 128;
/** `[\p{P}\p{S}]` */
export const PUNCTUATION_OR_SYMBOL = 256;

let classes: Uint16Array | undefined;

/** The bits of every code point; made when first asked for, in some milliseconds. */
export function characterClasses(): Uint16Array {
  if (classes !== undefined) return classes;
  classes = new Uint16Array(CODE_POINTS);
  for (const [bit, names] of [
    [LETTER, ['L']],
    [NUMBER, ['N']],
    [UPPER, ['Lu', 'Lt', 'Lm', 'Lo', 'M']],
    [LOWER, ['Ll', 'Lm', 'Lo', 'M']],
    [LETTER_OR_MARK, ['L', 'M']],
    [PUNCTUATION_OR_SYMBOL, ['P', 'S']],
    [SURROGATE, ['Cs']],
  ] as const) {
    for (const name of names) for (const range of category(name)!) mark(classes, range, bit);
  }
  for (const range of whiteSpace()) mark(classes, range, SPACE);
  for (const newline of [0x0a, 0x0d]) classes[newline]! |= NEWLINE;
  return classes;
}

function mark(classes: Uint16Array, [begin, end]: readonly [number, number], bit: number): void {
  for (let codePoint = begin; codePoint < end; codePoint++) classes[codePoint]! |= bit;
}

/** The bits of the character that begins at `at`; a half on its own has none. */
export function classAt(classes: Uint16Array, units: Uint16Array, at: number, limit: number): number {
  const bits = classes[units[at]!]!;
  if ((bits & SURROGATE) === 0) return bits;
  return isPair(units, at, limit) ? classes[codePointOf(units, at)]! : 0;
}

/** How many units the character that begins at `at` has. */
export function widthAt(classes: Uint16Array, units: Uint16Array, at: number, limit: number): number {
  return (classes[units[at]!]! & SURROGATE) !== 0 && isPair(units, at, limit) ? 2 : 1;
}

/** Where the characters from `at` on end whose bits, masked, are `wanted`. */
export function endOfRun(
  classes: Uint16Array,
  units: Uint16Array,
  at: number,
  limit: number,
  mask: number,
  wanted: number,
): number {
  const unitMask = mask | SURROGATE;
  let end = at;
  while (end < limit) {
    const bits = classes[units[end]!]!;
    if ((bits & unitMask) === wanted) end++;
    else if ((bits & SURROGATE) !== 0 && (classAt(classes, units, end, limit) & mask) === wanted) {
      end += widthAt(classes, units, end, limit);
    } else break;
  }
  return end;
}

function isPair(units: Uint16Array, at: number, limit: number): boolean {
  return (units[at]! & 0xfc00) === 0xd800 && at + 1 < limit && (units[at + 1]! & 0xfc00) === 0xdc00;
}

function codePointOf(units: Uint16Array, at: number): number {
  return 0x10000 + ((units[at]! & 0x3ff) << 10) + (units[at + 1]! & 0x3ff);
}
