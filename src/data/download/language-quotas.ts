import { UsageError } from '../../support/errors.js';
import { nearestName } from '../../support/nearest-name.js';

/**
 * Documents of stack-edu by language, as its card counted them when the reference was written. They decide the quotas
 * alone, so that the shares do not change when the dataset does.
 */
const STACK_EDU_COUNTS = {
  C: 5_848_375,
  CSharp: 11_425_016,
  Cpp: 16_246_746,
  Go: 1_917_163,
  Java: 44_990_158,
  JavaScript: 13_253_431,
  Markdown: 20_687_077,
  PHP: 9_914_497,
  Python: 25_286_019,
  Ruby: 2_976_874,
  Rust: 1_135_379,
  SQL: 2_504_412,
  Shell: 4_133_547,
  Swift: 2_454_309,
  TypeScript: 4_290_356,
} as const;

export type StackEduLanguage = keyof typeof STACK_EDU_COUNTS;

export const STACK_EDU_LANGUAGES = Object.keys(STACK_EDU_COUNTS) as readonly StackEduLanguage[];

/**
 * The languages that the user named, in the table's order and each once.
 *
 * @throws UsageError for a name that is none
 */
export function parseLanguages(names: readonly string[]): StackEduLanguage[] {
  for (const name of names) {
    if (Object.hasOwn(STACK_EDU_COUNTS, name)) continue;
    const near = nearestName(name, STACK_EDU_LANGUAGES);
    throw new UsageError(`stack-edu has no language ${name}`, {
      hint: `${near === undefined ? '' : `Did you mean ${near}? `}There are ${STACK_EDU_LANGUAGES.join(', ')}.`,
    });
  }
  return STACK_EDU_LANGUAGES.filter((language) => names.includes(language));
}

/**
 * How many of `samples` documents come from each language: in proportion to the counts, rounded down, and the rest one
 * each to the largest remainders (Hamilton's method); of equal ones to the first in the table.
 */
export function languageQuotas(samples: number, languages: readonly StackEduLanguage[]): Map<StackEduLanguage, number> {
  // In integers: the products exceed what a double holds exactly.
  const total = languages.reduce((sum, language) => sum + BigInt(STACK_EDU_COUNTS[language]), 0n);
  const shares = languages.map((language) => {
    const product = BigInt(samples) * BigInt(STACK_EDU_COUNTS[language]);
    return { language, quota: Number(product / total), remainder: product % total };
  });
  let left = samples - shares.reduce((sum, { quota }) => sum + quota, 0);
  for (const share of [...shares].sort(
    (a, b) => Number(a.remainder < b.remainder) - Number(a.remainder > b.remainder),
  )) {
    if (left-- <= 0) break;
    share.quota++;
  }
  return new Map(shares.map(({ language, quota }) => [language, quota]));
}
