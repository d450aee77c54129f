/**
 * Writes src/tokenizers/unicode/tables.ts, the properties of characters that tokenizers depend on, from the packages
 * `@unicode/unicode-8.0.0`, `-9.0.0` and `-16.0.0` below FOLDER/node_modules:
 *
 *     npm install --prefix FOLDER @unicode/unicode-{8.0.0,9.0.0,16.0.0}
 *     npx tsx scripts/unicode-tables.ts FOLDER
 *
 * Which version is used where, and why, is in docs/decisions/0070-unicode-versions.md.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CATEGORIES, CATEGORY_LETTERS, CODE_POINTS } from '../src/tokenizers/unicode/encoding.js';

interface Range {
  begin: number;
  /** Exclusive. */
  end: number;
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: tsx scripts/unicode-tables.ts FOLDER');

async function ranges(version: string, property: string): Promise<Range[]> {
  const file = resolve(folder!, 'node_modules/@unicode', `unicode-${version}.0.0`, property, 'ranges.mjs');
  return ((await import(pathToFileURL(file).href)) as { default: Range[] }).default;
}

/** Letter of the category and length of every run of equal category; a length of 1 is left out. */
async function encodedCategories(): Promise<string> {
  const categories = new Uint8Array(CODE_POINTS);
  for (const [index, name] of Object.values(CATEGORIES).entries()) {
    for (const { begin, end } of await ranges('16', `General_Category/${name}`)) categories.fill(index, begin, end);
  }
  let encoded = '';
  for (let start = 0, end = 0; start < CODE_POINTS; start = end) {
    while (end < CODE_POINTS && categories[end] === categories[start]) end++;
    encoded += CATEGORY_LETTERS[categories[start]!]! + (end - start > 1 ? end - start : '');
  }
  return encoded;
}

/** Distances, in base 36: to the first range, along it, to the next range, and so on. */
function encodedSet(set: Range[]): string {
  let at = 0;
  return set
    .flatMap(({ begin, end }) => {
      const distances = [begin - at, end - begin];
      at = end;
      return distances;
    })
    .map((distance) => distance.toString(36))
    .join(' ');
}

const sets: [string, string, Range[]][] = [
  ['UNASSIGNED_9', 'Code points without a character in Unicode 9.', await ranges('9', 'General_Category/Unassigned')],
  ['MARKS_9', 'Combining marks of Unicode 9.', await ranges('9', 'General_Category/Mark')],
  ['PUNCTUATION_8', 'Punctuation of Unicode 8.', await ranges('8', 'General_Category/Punctuation')],
  ['HAN', 'The script Han in Unicode 16.', await ranges('16', 'Script/Han')],
  ['HIRAGANA', 'The script Hiragana in Unicode 16.', await ranges('16', 'Script/Hiragana')],
  ['KATAKANA', 'The script Katakana in Unicode 16.', await ranges('16', 'Script/Katakana')],
  ['HANGUL', 'The script Hangul in Unicode 16.', await ranges('16', 'Script/Hangul')],
];

writeFileSync(
  new URL('../src/tokenizers/unicode/tables.ts', import.meta.url),
  [
    '// Written by scripts/unicode-tables.ts; how the strings are read is in encoding.ts.',
    '',
    '/** The general category of every code point in Unicode 16. */',
    `export const CATEGORIES_16 =\n  '${await encodedCategories()}';`,
    ...sets.flatMap(([name, comment, set]) => [
      '',
      `/** ${comment} */`,
      `export const ${name} =\n  '${encodedSet(set)}';`,
    ]),
    '',
  ].join('\n'),
);
