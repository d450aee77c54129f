import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteConverter, bytesPerToken, grayCodes } from '../../src/tokenizers/byte-converters.js';
import type { Tokenizer } from '../../src/tokenizers/tokenizer.js';

/** A vocabulary of the given tokens; undefined ones are ids that nothing has. */
function vocabularyOf(
  tokens: readonly (string | Uint8Array | undefined)[],
): Pick<Tokenizer, 'vocabularySize' | 'tokenBytes'> {
  const bytes = tokens.map((token) => (typeof token === 'string' ? new TextEncoder().encode(token) : token));
  return { vocabularySize: tokens.length, tokenBytes: (id: number) => bytes[id] };
}

const numbered = (size: number) => vocabularyOf(Array.from({ length: size }, (_, id) => `token ${id}`));

describe('bytes of a token', () => {
  it('are as few as tell all ids apart', () => {
    expect([1, 2, 256, 257, 65_536, 65_537, 96_640].map(bytesPerToken)).toEqual([1, 1, 1, 2, 2, 3, 3]);
  });
});

describe('the simple converter', () => {
  it('writes ids most significant byte first', () => {
    const { toBytes } = byteConverter('simple', numbered(70_000));
    expect([...toBytes([0x01_02_03, 5])]).toEqual([1, 2, 3, 0, 0, 5]);
  });

  it('reads ids of four bytes, and refuses those behind the last', () => {
    const { toIds } = byteConverter('simple', { vocabularySize: 2 ** 24 + 1 } as Tokenizer);
    expect([...toIds(Uint8Array.of(1, 0, 0, 0))]).toEqual([2 ** 24]);
    expect(() => toIds(Uint8Array.of(255, 255, 255, 255))).toThrow('no token has the code 4294967295');
  });
});

describe('the Gray converter', () => {
  it('ranks tokens by the bytes they stand for, then by id, unused ids last', () => {
    const lone = Uint8Array.of(0xff);
    const [codes] = grayCodes(vocabularyOf(['b', undefined, lone, 'a', lone.slice(), 'ab', undefined, '']));
    const byRank = ['', 'a', 'ab', 'b', 'id 2', 'id 4', 'id 1', 'id 6'];
    const rankOf = [byRank.indexOf('b'), 6, 4, byRank.indexOf('a'), 5, byRank.indexOf('ab'), 7, 0];
    expect([...codes]).toEqual(rankOf.map((rank) => rank ^ (rank >> 1)));
  });

  it('gives neighbours codes that differ in one bit', () => {
    const sorted = Array.from({ length: 1000 }, (_, id) => String(id)).sort();
    const [codes] = grayCodes(vocabularyOf(sorted));
    const flipped = [...codes.slice(1)].map((code, index) => code ^ codes[index]!);
    expect(flipped.every((bits) => bits !== 0 && (bits & (bits - 1)) === 0)).toBe(true);
  });

  it('tells tokens apart that are no text alone, which the reference ties in an order that changes', () => {
    const [codes] = grayCodes(vocabularyOf([Uint8Array.of(0x80), Uint8Array.of(0x81), Uint8Array.of(0x7f)]));
    expect([...codes]).toEqual([1, 3, 0]);
  });
});

describe.each(['simple', 'gray'] as const)('the %s converter', (name) => {
  it.each([200, 65_536, 70_001])('reads back what it wrote, for %d tokens', (size) => {
    const { toBytes, toIds } = byteConverter(name, numbered(size));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: size - 1 })), (ids) => {
        expect([...toIds(toBytes(ids))]).toEqual(ids);
      }),
      { numRuns: 50 },
    );
  });

  it('refuses bytes that end within a token, and codes that no token has', () => {
    const { toIds } = byteConverter(name, numbered(300));
    expect(() => toIds(Uint8Array.of(0))).toThrowError(/end within a token/);
    expect(() => toIds(Uint8Array.of(0, 0, 0xff, 0xff))).toThrowError('no token has the code 65535, which is number 1');
  });
});
