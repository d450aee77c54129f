import { endOfRun, NEWLINE, SPACE } from './character-classes.js';

/**
 * `\s+(?!\S)|\s+`: white space up to the end of the text, or all but its last character, which goes with the word behind
 * it; a single character on its own.
 */
export function endOfSpaces(classes: Uint16Array, units: Uint16Array, from: number, limit: number): number {
  const end = endOfRun(classes, units, from, limit, SPACE, SPACE);
  return end === limit || end === from + 1 ? end : end - 1;
}

/** `\s*[\r\n]+|\s+(?!\S)|\s+`: the same, but where there are line ends, up to the last of them. */
export function endOfLinesOrSpaces(classes: Uint16Array, units: Uint16Array, from: number, limit: number): number {
  const end = endOfRun(classes, units, from, limit, SPACE, SPACE);
  for (let last = end; last > from; last--) if ((classes[units[last - 1]!]! & NEWLINE) !== 0) return last;
  return end === limit || end === from + 1 ? end : end - 1;
}
