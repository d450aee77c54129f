import { type CodePointSet, charactersOf, setOf, union } from './code-point-set.js';
import { CATEGORIES, type Category, readCategories, readSet } from './encoding.js';
import * as tables from './tables.js';

/**
 * The properties of characters that decide how text is cut. They are of fixed versions of Unicode, those of the Rust
 * library, and not JavaScript's own, which change from one version of Node to the next: ids must not.
 */

const NAMES = Object.keys(CATEGORIES) as Category[];

let categories: Uint8Array | undefined;
const sets = new Map<string, CodePointSet>();

/** What `make` gives the first time; reading the tables takes milliseconds, and most tokenizers need few of them. */
function once(name: string, make: () => CodePointSet): CodePointSet {
  const known = sets.get(name);
  if (known !== undefined) return known;
  const set = make();
  sets.set(name, set);
  return set;
}

/**
 * The characters of a general category of Unicode 16, such as `Lu`, or of a group of them, such as `L`; undefined if
 * there is none of that name.
 */
export function category(name: string): CodePointSet | undefined {
  const indices = NAMES.flatMap((known, index) => (known === name || known[0] === name ? [index] : []));
  return indices.length === 0 ? undefined : once(`category ${name}`, () => ofCategories(new Set(indices)));
}

function ofCategories(indices: ReadonlySet<number>): CodePointSet {
  categories ??= readCategories(tables.CATEGORIES_16);
  const ranges: [number, number][] = [];
  for (let begin = 0, end = 0; begin < categories.length; begin = end) {
    while (end < categories.length && categories[end] === categories[begin]) end++;
    if (indices.has(categories[begin]!)) ranges.push([begin, end]);
  }
  return setOf(...ranges);
}

const letters = () => category('L')!;
const marks = () => category('M')!;

/** `White_Space`, which is what Oniguruma and Rust call a space; JavaScript's own has U+FEFF and lacks U+0085. */
export const whiteSpace = (): CodePointSet =>
  once('white space', () => union(category('Z')!, setOf([0x09, 0x0e], [0x85, 0x86])));

/** `Alphabetic`, marks, decimal digits and connectors; circled letters are alphabetic without being letters. */
const wordCharacters = (): CodePointSet =>
  once('word', () =>
    union(
      ...[letters(), marks(), category('Nd')!, category('Nl')!, category('Pc')!],
      setOf([0x24b6, 0x24ea], [0x1f130, 0x1f14a], [0x1f150, 0x1f16a], [0x1f170, 0x1f18a]),
    ),
  );

/** `\w` of Oniguruma, which counts the superscript digits and fractions of Latin-1. */
export const onigurumaWord = (): CodePointSet =>
  once('Oniguruma word', () => union(wordCharacters(), charactersOf('²³¹¼½¾')));

/** `\w` of Rust's regular expressions, which counts the joiners. */
export const rustWord = (): CodePointSet => once('Rust word', () => union(wordCharacters(), setOf([0x200c, 0x200e])));

/** What Rust's `char::is_numeric` says: the numbers of Unicode 17, which has two more sets of digits than 16. */
export const rustNumbers = (): CodePointSet =>
  once('Rust numbers', () => union(category('N')!, setOf([0x11de0, 0x11dea], [0x16ff4, 0x16ff7])));

/** What the pre-tokenizer `Punctuation` cuts out: all ASCII that is neither letter, digit nor space, and Unicode 8's. */
export const punctuation = (): CodePointSet =>
  once('punctuation', () => union(setOf(...readSet(tables.PUNCTUATION_8)), charactersOf('$+<=>^`|~')));

/** What the normalizer `StripAccents` removes. */
export const strippedMarks = (): CodePointSet => once('stripped marks', () => setOf(...readSet(tables.MARKS_9)));

/** Characters that came after Unicode 9, which the library's normal forms know nothing of. */
export const unknownToNormalForms = (): CodePointSet =>
  once('unassigned', () => setOf(...readSet(tables.UNASSIGNED_9)));

const SCRIPTS: Readonly<Record<string, string>> = {
  Han: tables.HAN,
  Hiragana: tables.HIRAGANA,
  Katakana: tables.KATAKANA,
  Hangul: tables.HANGUL,
};

/** The characters of a script of Unicode 16, or undefined if its table is not here. */
export function script(name: string): CodePointSet | undefined {
  const encoded = SCRIPTS[name];
  return encoded === undefined ? undefined : once(`script ${name}`, () => setOf(...readSet(encoded)));
}
