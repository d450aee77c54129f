import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadHuggingFace } from '../../../src/tokenizers/huggingface/index.js';
import { loadTokenizer, type Tokenizer } from '../../../src/tokenizers/index.js';
import { allCharacters, CLASSES, expectSameMatches } from '../../tokenizers/character-sweep.js';
import { pathOf, type RealFile, type RustLibrary, realCode, rustLibrary } from '../../tokenizers/rust-library.js';
import { hardTexts } from '../../tokenizers/texts.js';
import { UNIGRAM_FILES } from '../../tokenizers/unigram-files.js';

const RUNS = 10_000;
const FILES: RealFile[] = ['claude', 'deepseek_v3', 'gpt4o', 'llama2', 'llama3', 'qwen3'];

async function expectSameIds(tokenizer: Tokenizer, rust: RustLibrary): Promise<void> {
  for (const text of realCode(60)) expect(Array.from(tokenizer.encode(text))).toEqual(await rust.ids(text));
  await fc.assert(
    fc.asyncProperty(hardTexts, async (text) => {
      expect(Array.from(tokenizer.encode(text))).toEqual(await rust.ids(text));
    }),
    { numRuns: RUNS },
  );
}

describe.each(FILES)('the tokenizer of %s', (name) => {
  it(`gives the ids of the Rust library for ${RUNS} hard texts and for megabytes of code`, async () => {
    await expectSameIds(await loadTokenizer(pathOf(name)), rustLibrary(readFileSync(pathOf(name), 'utf8')));
  });
});

describe.each(Object.entries(UNIGRAM_FILES))('a Unigram file like that of %s', (_, json) => {
  it(`gives the ids of the Rust library for ${RUNS} hard texts and for megabytes of code`, async () => {
    const file = json();
    await expectSameIds(loadHuggingFace(Buffer.from(file), 'tokenizer.json'), rustLibrary(file));
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
