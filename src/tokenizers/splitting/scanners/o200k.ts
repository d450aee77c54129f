import type { Scan } from '../splitter.js';
import {
  characterClasses,
  classAt,
  endOfRun,
  LETTER,
  LOWER,
  NEWLINE,
  NUMBER,
  SPACE,
  UPPER,
  widthAt,
} from './character-classes.js';
import { endOfDigits } from './cl100k.js';
import { endOfContraction } from './contractions.js';
import { endOfLinesOrSpaces } from './white-space.js';

const CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";

/** The pattern of o200k (GPT-4o), which cuts words where small letters are followed by capitals. */
export const O200K_PATTERN = [
  `[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+${CONTRACTION}`,
  `[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*${CONTRACTION}`,
  '\\p{N}{1,3}',
  ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*',
  '\\s*[\\r\\n]+',
  '\\s+(?!\\S)',
  '\\s+',
].join('|');

const KINDS = LETTER | NUMBER | SPACE;
const BLANK = 0x20;
const SLASH = 0x2f;

/** Finds what `O200K_PATTERN` matches. */
export function o200kScan(): Scan {
  const classes = characterClasses();
  return (units, from, limit) => {
    const bits = classAt(classes, units, from, limit);
    if ((bits & NUMBER) !== 0) return endOfDigits(classes, units, from, limit, 3);
    // One character that is no letter may stand before the word. A mark may be that, or the word's own first character.
    const isLetter = (bits & LETTER) !== 0;
    const prefixed = isLetter || (bits & NEWLINE) !== 0 ? -1 : from + widthAt(classes, units, from, limit);
    const own = isLetter || (bits & UPPER) !== 0 ? from : -1;
    for (const endOfWord of [endOfSmallWord, endOfCapitals]) {
      for (const word of [prefixed, own]) {
        const end = word < 0 ? -1 : endOfWord(classes, units, word, limit);
        if (end >= 0) return endOfContraction(units, end, limit, true);
      }
    }
    const start = units[from] === BLANK ? from + 1 : from;
    let others = endOfRun(classes, units, start, limit, KINDS, 0);
    if (others === start) return endOfLinesOrSpaces(classes, units, from, limit);
    while (others < limit && ((classes[units[others]!]! & NEWLINE) !== 0 || units[others] === SLASH)) others++;
    return others;
  };
}

/** Where `UPPER* LOWER+` ends, or -1 if it does not match at `from`. */
function endOfSmallWord(classes: Uint16Array, units: Uint16Array, from: number, limit: number): number {
  const capitals = endOfRun(classes, units, from, limit, UPPER, UPPER);
  const end = endOfRun(classes, units, capitals, limit, LOWER, LOWER);
  if (end > capitals) return end;
  // The last character that is both (letters without case, marks) then has to be the small one.
  for (let last = capitals; last > from; last--) {
    const isSecondHalf = last - 2 >= from && widthAt(classes, units, last - 2, limit) === 2;
    const at = isSecondHalf ? last - 2 : last - 1;
    if ((classAt(classes, units, at, limit) & LOWER) !== 0) return last;
    if (isSecondHalf) last--;
  }
  return -1;
}

/** Where `UPPER+`, which no small letter follows here, ends, or -1 if it does not match at `from`. */
function endOfCapitals(classes: Uint16Array, units: Uint16Array, from: number, limit: number): number {
  const end = endOfRun(classes, units, from, limit, UPPER, UPPER);
  return end > from ? end : -1;
}
