import type { Scan } from '../splitter.js';
import { characterClasses, classAt, endOfRun, LETTER, NEWLINE, NUMBER, SPACE, widthAt } from './character-classes.js';
import { endOfContraction } from './contractions.js';
import { endOfLinesOrSpaces } from './white-space.js';

const KINDS = LETTER | NUMBER | SPACE;
const BLANK = 0x20;

const patternWith = (numbers: string) =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${numbers}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

/** As Llama 3 and others write the pattern of cl100k. */
export const LLAMA3_PATTERN = patternWith('\\p{N}{1,3}');
/** As tiktoken writes it: the same matches. */
export const CL100K_PATTERN =
  "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+";
/** Qwen's: every digit stands alone. */
export const QWEN2_PATTERN = patternWith('\\p{N}');

/** Finds what these patterns match; they differ in how many digits stand together. */
export function cl100kScan(maximumDigits: number): Scan {
  const classes = characterClasses();
  return (units, from, limit) => {
    const contraction = endOfContraction(units, from, limit, true);
    if (contraction > from) return contraction;
    const bits = classAt(classes, units, from, limit);
    if ((bits & LETTER) !== 0) return endOfRun(classes, units, from, limit, LETTER, LETTER);
    if ((bits & NUMBER) !== 0) return endOfDigits(classes, units, from, limit, maximumDigits);
    if ((bits & NEWLINE) === 0) {
      const word = from + widthAt(classes, units, from, limit);
      const end = endOfRun(classes, units, word, limit, LETTER, LETTER);
      if (end > word) return end;
    }
    const start = units[from] === BLANK ? from + 1 : from;
    const others = endOfRun(classes, units, start, limit, KINDS, 0);
    if (others > start) return endOfRun(classes, units, others, limit, NEWLINE, NEWLINE);
    return endOfLinesOrSpaces(classes, units, from, limit);
  };
}

/** Where up to `maximum` numbers from `from` on end. */
export function endOfDigits(
  classes: Uint16Array,
  units: Uint16Array,
  from: number,
  limit: number,
  maximum: number,
): number {
  let end = from;
  for (let digits = 0; digits < maximum && end < limit; digits++) {
    if ((classAt(classes, units, end, limit) & NUMBER) === 0) break;
    end += widthAt(classes, units, end, limit);
  }
  return end;
}
