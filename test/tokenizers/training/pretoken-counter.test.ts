import { describe, expect, it } from 'vitest';
import {
  PretokenCounter,
  PretokenTable,
  splitterOf,
  TRAINING_DEFAULTS,
} from '../../../src/tokenizers/training/index.js';

function countsOf(bytes: Uint8Array): [string, number][] {
  const table = new PretokenTable();
  new PretokenCounter(table, splitterOf(TRAINING_DEFAULTS.pattern)).add(bytes);
  return [...table.sorted()].map(({ bytes, count }) => [Buffer.from(bytes).toString('latin1'), count]);
}

describe('counting pre-tokens', () => {
  it('cuts text beyond ASCII at its bytes', () => {
    expect(countsOf(Buffer.from('a é a'))).toEqual([
      [' a', 1],
      [' \xc3\xa9', 1],
      ['a', 1],
    ]);
  });

  it('counts what is not UTF-8 as U+FFFD, also where that leaves as many characters as there were bytes', () => {
    expect(countsOf(Uint8Array.of(0x61, 0x20, 0xff))).toEqual([
      [' \xef\xbf\xbd', 1],
      ['a', 1],
    ]);
  });
});
