import { CODE_POINTS } from './encoding.js';

/** Sets of code points as sorted ranges that neither touch nor overlap; each is a first code point and one past the last. */
export type CodePointSet = readonly (readonly [number, number])[];

/** The set of these ranges, in any order. */
export function setOf(...ranges: (readonly [number, number])[]): CodePointSet {
  const sorted = ranges.filter(([begin, end]) => begin < end).sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [begin, end] of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && begin <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([begin, end]);
  }
  return merged;
}

/** The set of the characters of a text. */
export function charactersOf(text: string): CodePointSet {
  return setOf(...Array.from(text, (character) => [character.codePointAt(0)!, character.codePointAt(0)! + 1] as const));
}

export function union(...sets: CodePointSet[]): CodePointSet {
  return setOf(...sets.flat());
}

export function complement(set: CodePointSet): CodePointSet {
  const bounds = [0, ...set.flat(), CODE_POINTS];
  return setOf(...Array.from({ length: bounds.length / 2 }, (_, i) => [bounds[2 * i]!, bounds[2 * i + 1]!] as const));
}

export function intersection(a: CodePointSet, b: CodePointSet): CodePointSet {
  return complement(union(complement(a), complement(b)));
}

/** For every code point 1 if it is in the set. */
export function membership(set: CodePointSet): Uint8Array {
  const members = new Uint8Array(CODE_POINTS);
  for (const [begin, end] of set) members.fill(1, begin, end);
  return members;
}

/** The set as a class of a JavaScript regular expression with the flag `u`; one that matches nothing if it is empty. */
export function classOf(set: CodePointSet): string {
  const escaped = (codePoint: number) => `\\u{${codePoint.toString(16)}}`;
  return `[${set.map(([begin, end]) => (end === begin + 1 ? escaped(begin) : `${escaped(begin)}-${escaped(end - 1)}`)).join('')}]`;
}
