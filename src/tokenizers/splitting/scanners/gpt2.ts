import type { Scan } from '../splitter.js';
import { characterClasses, classAt, endOfRun, LETTER, NUMBER, SPACE } from './character-classes.js';
import { endOfContraction } from './contractions.js';
import { endOfSpaces } from './white-space.js';

/** The pattern of GPT-2, which the pre-tokenizer `ByteLevel` has too. */
export const GPT2_PATTERN = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

const KINDS = LETTER | NUMBER | SPACE;
const BLANK = 0x20;

/** Finds what `GPT2_PATTERN` matches. */
export function gpt2Scan(): Scan {
  const classes = characterClasses();
  return (units, from, limit) => {
    const contraction = endOfContraction(units, from, limit, false);
    if (contraction > from) return contraction;
    const start = units[from] === BLANK && from + 1 < limit ? from + 1 : from;
    const kind = classAt(classes, units, start, limit) & KINDS;
    if ((kind & SPACE) !== 0) return endOfSpaces(classes, units, from, limit);
    return endOfRun(classes, units, start, limit, KINDS, kind);
  };
}
