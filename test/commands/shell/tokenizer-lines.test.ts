import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeTokenizerTraining, describeTokens } from '../../../src/commands/shell/tokenizer-lines.js';
import type { TokenizerTrainingReport } from '../../../src/data/tokenizer-training/options.js';
import { loadTokenizer } from '../../../src/tokenizers/index.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { byteLevelFile } from '../../tokenizers/tiny-files.js';

const report: TokenizerTrainingReport = {
  output: 'code/tokenizer.json',
  documents: 3,
  textBytes: 3e6,
  passedOver: { bad: 0, empty: 0 },
  requested: { tokens: 65_536, minFrequency: 2 },
  tokens: 65_536,
  merges: 65_279,
  mergesWithinPretokens: 65_279,
  pretokens: 50_000,
  superwordUnits: 0,
  heldOut: null,
  seconds: { counting: 1, merging: 1 },
};

/** What is said under a heading. */
function said(heading: string, changes: Partial<TokenizerTrainingReport> = {}): string | undefined {
  const lines = describeTokenizerTraining({ ...report, ...changes });
  return lines.find((line) => line.startsWith(`  ${heading} `))?.replace(/^ +[a-z -]+? {2,}/, '');
}

describe('the summary of a tokenizer that was trained', () => {
  it('gives its size, and why it is smaller than asked for', () => {
    expect(said('tokens')).toBe('65,536');
    const asked = '23,087 of the 65,536 asked for';
    expect(said('tokens', { tokens: 23_087 })).toBe(`${asked}: no further pair that may be merged occurs 2 times`);
    expect(said('tokens', { tokens: 23_087, requested: { tokens: 65_536, minFrequency: 0 } })).toBe(
      `${asked}: no pair is left that may be merged`,
    );
  });

  it('tells the merges of the second stage by the stage, not by what they span', () => {
    expect(said('merges')).toBe('65,279');
    expect(said('merges', { mergesWithinPretokens: 52_000 })).toBe('65,279, 13,279 of them after the transition');
  });
});

describe('tokens for people', () => {
  it('show parts of characters, and what would not be seen, as pc inspect does', async () => {
    const path = join(temporaryDirectory(), 'tokenizer.json');
    writeFileSync(path, byteLevelFile({ pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false } }));
    const tokenizer = await loadTokenizer(path);
    const shown = (text: string) =>
      describeTokens(tokenizer, tokenizer.encode(text)).map((line) => line.replace(/^\d+ +\S+ +/, ''));
    expect(shown('hello hello')).toEqual(['"hello"', '" hello"']);
    expect(shown('é–')).toEqual(['"é"', '"\\xe2"', '"\\x80"', '"\\x93"']);
    expect(shown('\n"\\')).toEqual(['"\\n"', '"\\""', '"\\\\"']);
  });
});
