/** How the tables of characters are written as strings. */

export const CODE_POINTS = 0x110000;

/** General categories by their abbreviation, with the names that Unicode gives them. Their order is that of the letters. */
export const CATEGORIES = {
  Lu: 'Uppercase_Letter',
  Ll: 'Lowercase_Letter',
  Lt: 'Titlecase_Letter',
  Lm: 'Modifier_Letter',
  Lo: 'Other_Letter',
  Mn: 'Nonspacing_Mark',
  Mc: 'Spacing_Mark',
  Me: 'Enclosing_Mark',
  Nd: 'Decimal_Number',
  Nl: 'Letter_Number',
  No: 'Other_Number',
  Pc: 'Connector_Punctuation',
  Pd: 'Dash_Punctuation',
  Ps: 'Open_Punctuation',
  Pe: 'Close_Punctuation',
  Pi: 'Initial_Punctuation',
  Pf: 'Final_Punctuation',
  Po: 'Other_Punctuation',
  Sm: 'Math_Symbol',
  Sc: 'Currency_Symbol',
  Sk: 'Modifier_Symbol',
  So: 'Other_Symbol',
  Zs: 'Space_Separator',
  Zl: 'Line_Separator',
  Zp: 'Paragraph_Separator',
  Cc: 'Control',
  Cf: 'Format',
  Cs: 'Surrogate',
  Co: 'Private_Use',
  Cn: 'Unassigned',
} as const;

export type Category = keyof typeof CATEGORIES;

/** One letter for each category. */
export const CATEGORY_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcd';

/** The index, within `CATEGORIES`, of every code point's category. */
export function readCategories(encoded: string): Uint8Array {
  const categories = new Uint8Array(CODE_POINTS);
  let at = 0;
  for (const [, letter, length] of encoded.matchAll(/([A-Za-z])(\d*)/g)) {
    const end = at + (length === '' ? 1 : Number(length));
    categories.fill(CATEGORY_LETTERS.indexOf(letter!), at, end);
    at = end;
  }
  return categories;
}

/** Pairs of first code point and the one after the last. */
export function readSet(encoded: string): [number, number][] {
  const distances = encoded.split(' ').map((distance) => Number.parseInt(distance, 36));
  let at = 0;
  const bounds = distances.map((distance) => {
    at += distance;
    return at;
  });
  return Array.from({ length: bounds.length / 2 }, (_, i) => [bounds[2 * i]!, bounds[2 * i + 1]!]);
}
