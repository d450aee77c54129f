import { describe, expect, it } from 'vitest';
import { PATTERNS, patternOf } from '../../../src/tokenizers/training/options.js';

describe('the pattern that cuts text into words', () => {
  it('is given by a name, or as an expression', () => {
    expect(patternOf('gpt2')).toBe(PATTERNS.gpt2);
    expect(patternOf('\\w+')).toBe('\\w+');
    // A name that every object of JavaScript has.
    expect(patternOf('constructor')).toBe('constructor');
  });
});
