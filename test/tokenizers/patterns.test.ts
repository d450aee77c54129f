import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenizerError } from '../../src/support/errors.js';
import { loadHuggingFace } from '../../src/tokenizers/huggingface/index.js';
import { compilePattern } from '../../src/tokenizers/patterns/compile.js';
import { rustLibrary } from './rust-library.js';
import { hardTexts } from './texts.js';
import { byteLevelFile } from './tiny-files.js';

/** A file that puts `_` in the place of every match. */
const replacing = (pattern: string) =>
  byteLevelFile({
    normalizer: { type: 'Replace', pattern: { Regex: pattern }, content: '_' },
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
  });

/** Every character but surrogates, in texts of 4,096, without the planes that hold nothing or private use alone. */
const ALL_CHARACTERS = Array.from({ length: 0x20 }, (_, block) => {
  const codePoints = Array.from({ length: 0x1000 }, (_, i) => block * 0x1000 + i);
  return String.fromCodePoint(...codePoints.filter((codePoint) => codePoint < 0xd800 || codePoint > 0xdfff));
});

describe('classes hold the characters that they hold in the Rust library', () => {
  it.each([
    ...['\\s', '\\S', '\\d', '\\w', '\\h', '.'],
    ...[
      'L',
      'Lu',
      'Ll',
      'Lt',
      'Lm',
      'Lo',
      'M',
      'N',
      'P',
      'S',
      'Z',
      'Sc',
      'Nd',
      '^L',
      'Han',
      'Hiragana',
      'Katakana',
    ].map((name) => `\\p{${name}}`),
    ...['[^\\s\\p{L}\\p{N}]', '[\\p{L}&&[^a-z]]', '[一-龥぀-ゟ゠-ヿ]', '(?i:k)', "(?i:'s)"],
  ])('%s', async (pattern) => {
    const json = replacing(pattern);
    const tokenizer = loadHuggingFace(Buffer.from(json), 'f');
    const rust = rustLibrary(json);
    for (const text of ALL_CHARACTERS) {
      const ids = Array.from(tokenizer.encode(text));
      if (
        Buffer.compare(
          Buffer.from(Uint16Array.from(ids).buffer),
          Buffer.from(Uint16Array.from(await rust.ids(text)).buffer),
        )
      ) {
        expect(ids).toEqual(await rust.ids(text));
      }
    }
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
      { numRuns: 60 },
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
