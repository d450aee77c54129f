import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../../src/tokenizers/index.js';
import { TRAINING_DEFAULTS, trainTokenizer } from '../../../src/tokenizers/training/index.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { realCode, rustLibrary } from '../rust-library.js';
import { corpusOf } from './count-texts.js';

const texts = realCode(2);
const options = { ...TRAINING_DEFAULTS, kind: 'superbpe', vocabularySize: 2000, transition: 0.7 } as const;
const hasBlankInside = (token: string) => /[^ĠĊĉ]Ġ+[^ĠĊĉ]/.test(token);

describe('SuperBPE', () => {
  it('learns within words up to the transition, and across them, but not across lines or numbers, from there', async () => {
    const { file, mergesWithinPretokens } = await trainTokenizer(corpusOf(texts), options);
    const plain = await trainTokenizer(corpusOf(texts), { ...options, kind: 'bpe', vocabularySize: 1400 });
    const [merges, plainMerges] = [file, plain.file].map(
      (json) => (JSON.parse(json) as { model: { merges: [string, string][] } }).model.merges,
    ) as [[string, string][], [string, string][]];
    expect(mergesWithinPretokens).toBe(1400 - 257);
    expect(merges.slice(0, mergesWithinPretokens)).toEqual(plainMerges);
    const later = merges.slice(mergesWithinPretokens).map((merge) => merge.join(''));
    expect(later).toHaveLength(600);
    expect(later.filter(hasBlankInside).length).toBeGreaterThan(100);
    for (const token of later) expect(token).not.toMatch(/Ċ[^Ċč]|[0-9][^0-9]|[^0-9][0-9]/);
  });

  it('is encoded alike by the Rust library and here, and takes fewer tokens', async () => {
    const folder = temporaryDirectory();
    const lengths: number[] = [];
    for (const kind of ['bpe', 'superbpe'] as const) {
      const { file } = await trainTokenizer(corpusOf(texts), { ...options, kind });
      const path = join(folder, `${kind}.json`);
      writeFileSync(path, file);
      const [here, rust] = [await loadTokenizer(path), rustLibrary(file)];
      let length = 0;
      for (const text of [...texts, 'x = 12345;\r\n\r\n\ty  z\n\n é 👩‍👧 <|endoftext|>\u2028end']) {
        const ids = [...here.encode(text)];
        expect(ids).toEqual(await rust.ids(text));
        expect(Buffer.from(here.decode(ids)).toString()).toBe(text);
        length += ids.length;
      }
      lengths.push(length);
    }
    expect(lengths[1]).toBeLessThan(lengths[0]!);
  });
});

describe('what cannot be trained', () => {
  it.each([
    ['fewer tokens than bytes', { vocabularySize: 256 }, /fewer than the 256 bytes/],
    ['an empty special token', { specialTokens: [''] }, /special token is empty/],
    ['a special token named twice', { specialTokens: ['<a>', '<b>', '<a>'] }, /"<a>" is named twice/],
    ['a special token with the name of a letter', { specialTokens: ['a'] }, /"a" has the name of a byte's token/],
    ['a special token with the name of the blank', { specialTokens: ['Ġ'] }, /"Ġ" has the name of a byte's token/],
    ['a transition that is no share', { kind: 'superbpe', transition: 1 }, /no share of the vocabulary/],
    ['a pattern with a back reference', { pattern: '(a)\\1' }, /cannot be carried out/],
  ] as const)('%s', async (_what, changes, message) => {
    const training = trainTokenizer(corpusOf(['text']), { ...TRAINING_DEFAULTS, ...changes });
    await expect(training).rejects.toMatchObject({ name: 'TokenizerError', message: expect.stringMatching(message) });
  });
});
