import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenizerError } from '../../src/support/errors.js';
import { loadHuggingFace } from '../../src/tokenizers/huggingface/index.js';
import { compilePattern } from '../../src/tokenizers/patterns/compile.js';
import { CLASSES, expectSameMatches, someCharacters } from './character-sweep.js';
import { rustLibrary } from './rust-library.js';
import { hardTexts } from './texts.js';
import { byteLevelFile } from './tiny-files.js';

describe('classes hold the characters that they hold in the Rust library', () => {
  it.each(CLASSES)('%s', async (pattern) => {
    await expectSameMatches(pattern, someCharacters());
  });
});

/** A file that leaves out every match; putting something in the place of an empty one breaks the library. */
const removing = (pattern: string) => {
  const split = { type: 'Split', pattern: { Regex: pattern }, behavior: 'Removed', invert: false };
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  return byteLevelFile({ pre_tokenizer: { type: 'Sequence', pretokenizers: [split, bytes] } });
};

describe('expressions match what they match in the Rust library', () => {
  it.each([
    ...['^.', '.$', '\\A.', '.\\z', '.\\Z', '\\b', '\\B.', '(?m:a.)', '(?x: a b # c\n )', '(?#note)a'],
    ...[
      '(?>a+)a',
      'a++a',
      ' ?+\\p{L}',
      'a{2,}',
      'a{,2} ',
      'a{1,2}+',
      'a+?',
      '(?:a|aa)(?=\\s)',
      '(?<=\\s)\\S',
      '(?<!\\s)\\s',
    ],
    ...[
      'x*',
      '\\s*',
      '(?i)hello|(?-i)World',
      '(?i:http)\\w*',
      '\\x{41}|\\u0042|\\x43',
      '[\\]\\-a]',
      '[]a]',
      '[a&&b]|c',
    ],
    ...['\\s+(?!\\S)|\\s+', "'(?i:[sdmt]|ll|ve|re)", '\\t|\\n|\\r|\\f|\\v|\\a|\\e'],
  ])('%s', async (pattern) => {
    const json = removing(pattern);
    const tokenizer = loadHuggingFace(Buffer.from(json), 'f');
    const rust = rustLibrary(json);
    await fc.assert(
      fc.asyncProperty(hardTexts, async (text) => {
        expect(Array.from(tokenizer.encode(text))).toEqual(await rust.ids(text));
      }),
      { numRuns: 40 },
    );
  });
});

describe('what cannot be said in JavaScript is refused', () => {
  it.each([
    ...['(a)\\1', '\\X', '\\R', '\\K', '\\G', '(?<name>a)', '(?~a)', '\\p{Greek}', '\\pL', '[[:alpha:]]'],
    ...['(?i)ss', '(?i:ß)', '(?i:\\p{Lu})', 'a{3}?', '(a', 'a)', '[a', '*a', '\\', 'a{200000}', '(?<=a*)b\\1'],
  ])('%s', (pattern) => {
    expect(() => compilePattern(pattern, 'file', 'field')).toThrow(TokenizerError);
  });
});
