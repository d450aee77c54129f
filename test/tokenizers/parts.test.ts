import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadHuggingFace } from '../../src/tokenizers/huggingface/index.js';
import { SCANNERS } from '../../src/tokenizers/splitting/scanners/index.js';
import { rustLibrary } from './rust-library.js';
import { hardTexts } from './texts.js';
import { addedToken, byteLevelFile, characterFile } from './tiny-files.js';

const RUNS = 50;

async function expectSameIds(json: string): Promise<void> {
  const tokenizer = loadHuggingFace(Buffer.from(json), 'tokenizer.json');
  const rust = rustLibrary(json);
  await fc.assert(
    fc.asyncProperty(hardTexts, async (text) => {
      expect(Array.from(tokenizer.encode(text))).toEqual(await rust.ids(text));
    }),
    { numRuns: RUNS },
  );
}

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
const behaviours = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'];
const split = (pattern: object, behavior: string, invert = false) => ({ type: 'Split', pattern, behavior, invert });

describe('pre-tokenizers cut as the Rust library does', () => {
  it.each([
    { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true },
    { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: false },
    { type: 'Digits', individual_digits: true },
    { type: 'Digits', individual_digits: false },
    { type: 'Punctuation', behavior: 'Isolated' },
    { type: 'Punctuation', behavior: 'Contiguous' },
    { type: 'Whitespace' },
    { type: 'WhitespaceSplit' },
    { type: 'CharDelimiterSplit', delimiter: ' ' },
    ...behaviours.flatMap((behaviour) => [
      split({ Regex: '\\s|[aeiou]+' }, behaviour),
      split({ Regex: '\\p{L}*' }, behaviour, true),
      split({ String: '.' }, behaviour),
    ]),
  ])('%j', async (part) => {
    const steps = part.type === 'ByteLevel' ? [part] : [part, byteLevel];
    await expectSameIds(byteLevelFile({ pre_tokenizer: { type: 'Sequence', pretokenizers: steps } }));
  });

  it.each([...SCANNERS.keys()])('by the scanner of %s', async (pattern) => {
    const steps = [split({ Regex: pattern }, 'Isolated'), byteLevel];
    await expectSameIds(byteLevelFile({ pre_tokenizer: { type: 'Sequence', pretokenizers: steps } }));
  });

  it.each(
    ['always', 'first', 'never'].flatMap((prepend_scheme) =>
      [true, false].map((split) => ({ type: 'Metaspace', replacement: '▁', prepend_scheme, split })),
    ),
  )('%j', async (part) => {
    await expectSameIds(characterFile({ pre_tokenizer: part, added_tokens: [addedToken(400, '<s>')] }));
  });
});

describe('normalizers change text as in the Rust library', () => {
  it.each([
    ...['NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'StripAccents', 'Nmt', 'ByteLevel'].map((type) => ({ type })),
    { type: 'Strip', strip_left: true, strip_right: true },
    { type: 'Strip', strip_left: false, strip_right: true },
    { type: 'Prepend', prepend: '▁' },
    { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
    { type: 'Replace', pattern: { Regex: '\\s+' }, content: '$&' },
    { type: 'Sequence', normalizers: [{ type: 'NFD' }, { type: 'StripAccents' }, { type: 'Lowercase' }] },
  ])('%j', async (normalizer) => {
    await expectSameIds(byteLevelFile({ normalizer, pre_tokenizer: byteLevel }));
  });
});

describe('added tokens are found as by the Rust library', () => {
  const contents = ['<s>', 'hello', '  ', '文', 'aa', 'aaa', 'É', '\n'];
  it.each([
    {},
    { normalized: true },
    { lstrip: true },
    { rstrip: true },
    { lstrip: true, rstrip: true, normalized: true },
    { single_word: true },
    { single_word: true, lstrip: true, special: true },
  ])('%j', async (options) => {
    const added_tokens = contents.map((content, i) => addedToken(300 + i, content, options));
    const normalizer = { type: 'Lowercase' };
    await expectSameIds(byteLevelFile({ added_tokens, normalizer, pre_tokenizer: byteLevel }));
  });
});

describe('models merge as in the Rust library', () => {
  it.each([
    {},
    { byte_fallback: false },
    { byte_fallback: false, fuse_unk: false },
    { ignore_merges: true },
    { end_of_word_suffix: '.' },
    { dropout: null },
    { dropout: 0 },
  ])('over characters, with %j', async (model) => {
    await expectSameIds(characterFile({}, model));
  });

  it.each([
    {},
    { ignore_merges: true },
    { end_of_word_suffix: 'l', unk_token: 'a' },
    { continuing_subword_prefix: '' },
  ])('over bytes, with %j', async (model) => {
    await expectSameIds(byteLevelFile({ pre_tokenizer: { ...byteLevel, use_regex: true } }, model));
  });
});
