import type { Scan } from '../splitter.js';
import {
  characterClasses,
  classAt,
  endOfRun,
  LETTER,
  LETTER_OR_MARK,
  NEWLINE,
  PUNCTUATION_OR_SYMBOL,
  SPACE,
  widthAt,
} from './character-classes.js';
import { endOfLinesOrSpaces } from './white-space.js';

/** The last and largest of the patterns of DeepSeek V3; digits, which it does not match, have been cut out before. */
export const DEEPSEEK_PATTERN =
  '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+';

const BLANK = 0x20;

/** Finds what `DEEPSEEK_PATTERN` matches, and what lies between its matches. */
export function deepSeekScan(): Scan {
  const classes = characterClasses();
  return (units, from, limit) => {
    let end = endOfMatch(classes, units, from, limit);
    if (end > from) return end;
    do end += widthAt(classes, units, end, limit);
    while (end < limit && endOfMatch(classes, units, end, limit) === end);
    return end;
  };
}

/** Where the match that begins at `from` ends; `from` if none does. */
function endOfMatch(classes: Uint16Array, units: Uint16Array, from: number, limit: number): number {
  const bits = classAt(classes, units, from, limit);
  if ((bits & PUNCTUATION_OR_SYMBOL) !== 0 && units[from]! < 0x80) {
    const name = endOfAsciiLetters(units, from + 1, limit);
    if (name > from + 1) return name;
  }
  if ((bits & LETTER) !== 0) return endOfWord(classes, units, from, limit);
  if ((bits & (NEWLINE | PUNCTUATION_OR_SYMBOL)) === 0) {
    const word = from + widthAt(classes, units, from, limit);
    const end = endOfWord(classes, units, word, limit);
    if (end > word || (bits & LETTER_OR_MARK) !== 0) return end;
  }
  const start = units[from] === BLANK ? from + 1 : from;
  const symbols = endOfRun(classes, units, start, limit, PUNCTUATION_OR_SYMBOL, PUNCTUATION_OR_SYMBOL);
  if (symbols > start) return endOfRun(classes, units, symbols, limit, NEWLINE, NEWLINE);
  return (bits & SPACE) !== 0 ? endOfLinesOrSpaces(classes, units, from, limit) : from;
}

function endOfWord(classes: Uint16Array, units: Uint16Array, from: number, limit: number): number {
  return endOfRun(classes, units, from, limit, LETTER_OR_MARK, LETTER_OR_MARK);
}

function endOfAsciiLetters(units: Uint16Array, from: number, limit: number): number {
  let end = from;
  while (end < limit) {
    const small = units[end]! | 0x20;
    if (units[end]! > 0x7f || small < 0x61 || small > 0x7a) break;
    end++;
  }
  return end;
}
