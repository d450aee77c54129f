import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../../src/tokenizers/index.js';
import { allCharacters, CLASSES, expectSameMatches } from '../../tokenizers/character-sweep.js';
import { pathOf, type RealFile, realCode, rustLibrary } from '../../tokenizers/rust-library.js';
import { hardTexts } from '../../tokenizers/texts.js';

const RUNS = 10_000;
const FILES: RealFile[] = ['claude', 'deepseek_v3', 'gpt4o', 'llama2', 'llama3', 'qwen3'];

describe.each(FILES)('the tokenizer of %s', (name) => {
  it(`gives the ids of the Rust library for ${RUNS} hard texts and for megabytes of code`, async () => {
    const tokenizer = await loadTokenizer(pathOf(name));
    const rust = rustLibrary(readFileSync(pathOf(name), 'utf8'));
    for (const text of realCode(60)) expect(Array.from(tokenizer.encode(text))).toEqual(await rust.ids(text));
    await fc.assert(
      fc.asyncProperty(hardTexts, async (text) => {
        expect(Array.from(tokenizer.encode(text))).toEqual(await rust.ids(text));
      }),
      { numRuns: RUNS },
    );
  });
});

describe('classes hold the characters that they hold in the Rust library', () => {
  it.each(CLASSES)('%s', async (pattern) => {
    await expectSameMatches(pattern, allCharacters());
  });
});

describe('a word of 100 MB', () => {
  it.each(['claude', 'deepseek_v3', 'llama2'] as const)('is encoded by the tokenizer of %s', async (name) => {
    const tokenizer = await loadTokenizer(pathOf(name));
    const ids = tokenizer.encode('a'.repeat(100e6));
    expect(tokenizer.decode(ids).length).toBe(100e6);
  });
});
