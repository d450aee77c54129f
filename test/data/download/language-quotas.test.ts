import { describe, expect, it } from 'vitest';
import { languageQuotas, parseLanguages, STACK_EDU_LANGUAGES } from '../../../src/data/download/language-quotas.js';

describe('languageQuotas', () => {
  it('follows the counts and gives what rounding leaves to the largest remainders', () => {
    // Of 100: Go 1917163 / 3052542 = 62.805 and Rust 1135379 / 3052542 = 37.195, so the hundredth is Go's.
    expect([...languageQuotas(100, ['Go', 'Rust'])]).toEqual([
      ['Go', 63],
      ['Rust', 37],
    ]);
  });

  it.each([1, 7, 1000, 99_991, 2 ** 40])('adds up to %d', (samples) => {
    const quotas = [...languageQuotas(samples, STACK_EDU_LANGUAGES).values()];
    expect(quotas.reduce((sum, quota) => sum + quota, 0)).toBe(samples);
  });

  it('gives everything to a single language', () => {
    expect([...languageQuotas(5, ['SQL'])]).toEqual([['SQL', 5]]);
  });

  it('gives nothing to the smallest where there is less than one for each', () => {
    const quotas = languageQuotas(3, STACK_EDU_LANGUAGES);
    // The largest three shares of all 167063344: Java 0.81, Python 0.45, Markdown 0.37.
    expect([...quotas].filter(([, quota]) => quota > 0)).toEqual([
      ['Java', 1],
      ['Markdown', 1],
      ['Python', 1],
    ]);
  });
});

describe('parseLanguages', () => {
  it('takes each once, in the order of the table', () => {
    expect(parseLanguages(['Rust', 'C', 'Rust'])).toEqual(['C', 'Rust']);
  });

  it('takes no word for a language that JavaScript knows', () => {
    expect(() => parseLanguages(['constructor'])).toThrow(/has no language constructor/);
  });

  it('names the nearest of a language that is none', () => {
    expect(() => parseLanguages(['python'])).toThrow(
      expect.objectContaining({ code: 'usage', hint: expect.stringContaining('Did you mean Python?') }),
    );
  });
});
