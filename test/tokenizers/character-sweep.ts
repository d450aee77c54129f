import { expect } from 'vitest';
import { loadHuggingFace } from '../../src/tokenizers/huggingface/index.js';
import { rustLibrary } from './rust-library.js';
import { byteLevelFile } from './tiny-files.js';

/** Patterns of one character, whose matches depend on a table of Unicode or on case. */
export const CLASSES: readonly string[] = [
  ...['\\s', '\\S', '\\d', '\\w', '\\h', '.'],
  ...'L Lu Ll Lt Lm Lo M N P S Z Sc Nd ^L Han Hiragana Katakana'.split(' ').map((name) => `\\p{${name}}`),
  ...['[^\\s\\p{L}\\p{N}]', '[\\p{L}&&[^a-z]]', '[一-龥぀-ゟ゠-ヿ]', '(?i:k)', "(?i:'s)"],
];

const textOf = (codePoints: number[]) =>
  String.fromCodePoint(...codePoints.filter((codePoint) => codePoint < 0xd800 || codePoint > 0xdfff));
const range = (from: number, to: number, step: number) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);

/** Planes 0 and 1; the others hold nothing, private use, or more of the same. */
const END = 0x20000;

/** Every character of the planes 0 and 1 but surrogates, in texts of 4,096. */
export const allCharacters = (): string[] => range(0, END, 0x1000).map((from) => textOf(range(from, from + 0x1000, 1)));

/** The alphabets of Europe and western Asia, kana, and every 29th of the other characters. */
export const someCharacters = (): string[] => [
  textOf(range(0, 0x800, 1)),
  textOf(range(0x3000, 0x3100, 1)),
  textOf(range(0x800, END, 29)),
];

/** Holds where a pattern matches in these texts against the Rust library, which puts `_` in the place of every match. */
export async function expectSameMatches(pattern: string, texts: readonly string[]): Promise<void> {
  const json = byteLevelFile({
    normalizer: { type: 'Replace', pattern: { Regex: pattern }, content: '_' },
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
  });
  const tokenizer = loadHuggingFace(Buffer.from(json), 'f');
  const rust = rustLibrary(json);
  for (const text of texts) {
    const [ids, expected] = [tokenizer.encode(text), Uint32Array.from(await rust.ids(text))];
    // Comparing lists by `toEqual` is slow: it is left to say what differs.
    if (Buffer.compare(Buffer.from(ids.buffer), Buffer.from(expected.buffer)) !== 0) expect(ids).toEqual(expected);
  }
}
