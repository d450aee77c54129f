import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../src/tokenizers/patterns/compile.js';
import { RegexSplitter } from '../../src/tokenizers/splitting/regex-splitter.js';
import { SCANNERS } from '../../src/tokenizers/splitting/scanners/index.js';
import { SourceBuffer } from '../../src/tokenizers/splitting/source.js';
import { ScanningSplitter, type Splitter } from '../../src/tokenizers/splitting/splitter.js';
import { realCode } from './rust-library.js';
import { hardTexts } from './texts.js';

const RUNS = 200;

function pieces(splitter: Splitter, text: string, start = 0, end = text.length): string[] {
  splitter.open(new SourceBuffer().read(text), start, end, start === 0);
  const found: string[] = [];
  while (splitter.next()) found.push(text.slice(splitter.start, splitter.end));
  return found;
}

describe.each([...SCANNERS])('the scanner of %s', (pattern, scan) => {
  const scanner = new ScanningSplitter(scan());
  const regex = new RegexSplitter(compilePattern(pattern, 'file', 'field'), 'Isolated', false);

  it('cuts real code and hard texts where the pattern does', () => {
    for (const text of realCode(2)) expect(pieces(scanner, text)).toEqual(pieces(regex, text));
    fc.assert(
      fc.property(hardTexts, (text) => {
        expect(pieces(scanner, text)).toEqual(pieces(regex, text));
      }),
      { numRuns: RUNS },
    );
  });

  it('sees nothing beyond the end that it is given', () => {
    fc.assert(
      fc.property(hardTexts, hardTexts, (text, behind) => {
        expect(pieces(scanner, text + behind, 0, text.length)).toEqual(pieces(regex, text));
      }),
      { numRuns: RUNS / 2 },
    );
  });
});
