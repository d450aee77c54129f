import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer, type Tokenizer, tokenSegments } from '../../src/tokenizers/index.js';
import { pathOf, type RealFile, type RustLibrary, realCode, rustLibrary } from './rust-library.js';
import { hardTexts } from './texts.js';

/** As many as 10,000 are in `test/full/fuzz`, for all files. */
const RUNS = 100;

/** Whether any text comes back: not where it is normalised, or where characters stand for blanks. */
const FILES: Partial<Record<RealFile, { lossless: boolean }>> = {
  claude: { lossless: false },
  deepseek_v3: { lossless: true },
  llama2: { lossless: false },
  llama3: { lossless: true },
};

/** Of each kind one, as loading takes seconds: the patterns of the others are among those of `parts.test.ts`. */
describe.each(Object.entries(FILES))('the tokenizer of %s', (name, { lossless }) => {
  const path = pathOf(name as RealFile);
  let tokenizer: Tokenizer;
  let rust: RustLibrary;

  beforeAll(async () => {
    tokenizer = await loadTokenizer(path);
    rust = rustLibrary(readFileSync(path, 'utf8'));
  });

  it('gives the ids of the Rust library for real code', async () => {
    for (const text of realCode(2)) {
      const ids = tokenizer.encode(text);
      expect(Array.from(ids)).toEqual(await rust.ids(text));
      expect(Buffer.from(tokenizer.decode(ids)).toString()).toBe(text.normalize(name === 'claude' ? 'NFKC' : 'NFC'));
    }
  });

  it('gives the ids of the Rust library for hard texts', async () => {
    await fc.assert(
      fc.asyncProperty(hardTexts, async (text) => {
        expect(Array.from(tokenizer.encode(text))).toEqual(await rust.ids(text));
      }),
      { numRuns: RUNS },
    );
  });

  it(`knows that ${lossless ? 'every text comes back' : 'some texts do not come back'}`, () => {
    expect(tokenizer.lossless).toBe(lossless);
    if (!lossless) return;
    fc.assert(
      fc.property(hardTexts, (text) => {
        const ids = tokenizer.encode(text, { matchAddedTokens: 'none' });
        expect(Buffer.from(tokenizer.decode(ids)).toString()).toBe(text);
      }),
      { numRuns: RUNS },
    );
  });

  it('says which bytes each id covers', () => {
    const text = 'let naïve = "日本";\n';
    const ids = tokenizer.encode(text);
    const segments = tokenSegments(tokenizer, ids);
    expect(segments.map(({ id }) => id)).toEqual(Array.from(ids));
    expect(segments[0]!.byteStart).toBe(0);
    expect(segments.at(-1)!.byteEnd).toBe(Buffer.byteLength(text));
    for (let i = 1; i < segments.length; i++) expect(segments[i]!.byteStart).toBe(segments[i - 1]!.byteEnd);
  });

  it('finds every token by its name', () => {
    for (let id = 0; id < tokenizer.vocabularySize; id += 97) {
      const token = tokenizer.tokenName(id);
      if (token !== undefined) expect(tokenizer.tokenId(token)).toBe(id);
    }
  });
});
