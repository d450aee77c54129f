import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SymbolFormat } from '../../src/neural-coding/code-symbols.js';
import type { WindowCoder } from '../../src/neural-coding/parameters.js';
import { WindowDecoder } from '../../src/neural-coding/window-decoder.js';
import { WindowEncoder } from '../../src/neural-coding/window-encoder.js';
import { CompressorError, ConfigError } from '../../src/support/errors.js';
import {
  bytesOf,
  codebookOf,
  latin1,
  type Phrasebook,
  type PlainUnit,
  plainParse,
  sharedPhrasebook,
  someBytes,
  someEnds,
  uniquePhrasebook,
} from './small-codebooks.js';

const SPARSE: SymbolFormat = { symbolBits: 12, numbering: 'sparse' };

function coder(book: Phrasebook | Record<string, number | null>, format = SPARSE, kind: WindowCoder = 'strict') {
  const codebook = codebookOf(book, { coder: kind });
  return { encoder: new WindowEncoder(codebook, format), decoder: new WindowDecoder(codebook, format) };
}

/** Symbols of N bits, from the definition: high bits first, by writing the code in binary. */
function symbolsOf(units: readonly PlainUnit[], symbolBits: number): number[] {
  return units.flatMap(({ text, code }) => {
    if (code === null) return [text.charCodeAt(0)];
    const digits = code.toString(2).padStart(12, '0');
    return Array.from(
      { length: 12 / symbolBits },
      (_, part) => 256 + Number.parseInt(digits.slice(part * symbolBits, (part + 1) * symbolBits), 2),
    );
  });
}

/** A book, a text, where its segments end, and a width of symbols. */
const cases = (books: fc.Arbitrary<Phrasebook>) =>
  fc.tuple(books, someBytes, fc.constantFrom(12, 6, 4, 1)).chain(([book, bytes, symbolBits]) =>
    someEnds(bytes.length).map((ends) => ({
      book,
      bytes,
      ends,
      format: { symbolBits, numbering: 'sparse' } as const,
    })),
  );

describe('codes that are unique', () => {
  it('are those of the rule: the longest string, then its longest beginning with a code, then on behind that', () => {
    fc.assert(
      fc.property(cases(uniquePhrasebook), ({ book, bytes, ends, format }) => {
        const { symbols, side } = coder(book, format).encoder.encode(bytes, ends);
        expect([...symbols]).toEqual(symbolsOf(plainParse(book, bytes, ends), format.symbolBits));
        expect(side).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it('decode to the bytes, whatever these are', () => {
    fc.assert(
      fc.property(cases(uniquePhrasebook), ({ book, bytes, ends, format }) => {
        const { encoder, decoder } = coder(book, format);
        expect(decoder.decode(encoder.encode(bytes, ends))).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
  });

  it('of pieces follow each other to codes of the whole', () => {
    fc.assert(
      fc.property(uniquePhrasebook, fc.array(someBytes, { maxLength: 5 }), (book, pieces) => {
        const { encoder, decoder } = coder(book);
        const symbols = pieces.flatMap((piece) => [...encoder.encode(piece).symbols]);
        expect(decoder.decode({ symbols: Uint32Array.from(symbols) })).toEqual(
          Uint8Array.from(pieces.flatMap((piece) => [...piece])),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('are read on where a string fails, without reading bytes again', () => {
    // 'abcd' fails at 'x': of 'abc' only 'a' has a code, and of the rest 'bc' nothing: a literal, then the code of 'cx'.
    const { encoder } = coder({ a: 1, abcd: 2, c: null, cx: 3 });
    expect([...encoder.encode(bytesOf('abcx')).symbols]).toEqual([256 + 1, 98, 256 + 3]);
  });

  it('do not cross the end of a segment, where the rest of a string is coded by itself', () => {
    const { encoder } = coder({ a: 1, ab: 2, abc: 3 });
    const text = bytesOf('abcabc');
    expect([...encoder.encode(text).symbols]).toEqual([259, 259]);
    expect([...encoder.encode(text, Uint32Array.of(2, 6)).symbols]).toEqual([258, 99, 259]);
    expect([...encoder.encode(text, Uint32Array.of(3, 4, 6)).symbols]).toEqual([259, 257, 98, 99]);
  });

  it('are the same for a long text as for its parts: what is pending is carried along', () => {
    const { encoder, decoder } = coder({ a: 1, aa: null, aaa: null, aaaab: 2, b: 3 });
    const text = bytesOf(`${'a'.repeat(40_001)}b`);
    const { symbols } = encoder.encode(text);
    expect(symbols.length).toBe(40_001 - 4 + 1);
    expect(symbols.at(-1)).toBe(258);
    expect(decoder.decode({ symbols })).toEqual(text);
  });
});

describe('codes that phrases share', () => {
  it('are decoded with the rank of each phrase among those of its code', () => {
    fc.assert(
      fc.property(cases(sharedPhrasebook), ({ book, bytes, ends, format }) => {
        const { encoder, decoder } = coder(book, format, 'lester');
        const encoded = encoder.encode(bytes, ends);
        expect([...encoded.symbols]).toEqual(symbolsOf(plainParse(book, bytes, ends), format.symbolBits));
        expect(decoder.decode(encoded)).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
  });

  const { encoder, decoder } = coder({ a: 5, ab: 5, abc: 5, b: 6 }, SPARSE, 'lester');

  it('have ranks in unary: as many ones and a zero', () => {
    const { symbols, side } = encoder.encode(bytesOf('abcbaab'));
    expect([...symbols]).toEqual([261, 262, 261, 261]);
    expect([...side!]).toEqual([0b110_0_0_10_0]);
  });

  it('cannot be decoded without ranks, or with those of other symbols', () => {
    const encoded = encoder.encode(bytesOf('abcbaab'));
    expect(() => decoder.decode({ symbols: encoded.symbols })).toThrow(CompressorError);
    expect(() => decoder.decode({ ...encoded, side: Uint8Array.of(0b11100000) })).toThrow('rank 3');
    expect(() => decoder.decode({ ...encoded, side: Uint8Array.of(0xff) })).toThrow('end in the rank of window 0');
    expect(() => decoder.decode({ ...encoded, side: Uint8Array.of(0, 0) })).toThrow('more than the ranks of 4 windows');
  });
});

describe('symbols', () => {
  const book = { a: 0, ab: 4095, b: 7, c: 3000 };

  it.each([
    [12, [4351, 263]],
    [6, [256 + 63, 256 + 63, 256, 263]],
    [4, [271, 271, 271, 256, 256, 263]],
  ])('of %i bits: high bits of a code first', (symbolBits, expected) => {
    const { encoder } = coder(book, { symbolBits, numbering: 'sparse' });
    expect(encoder.alphabetSize).toBe(256 + 2 ** symbolBits);
    expect([...encoder.encode(bytesOf('abb')).symbols]).toEqual(expected);
  });

  it('renumbered: the codes in use are 0 … n − 1 in their order', () => {
    const { encoder, decoder } = coder(book, { symbolBits: 12, numbering: 'compact' });
    expect(encoder.alphabetSize).toBe(256 + 4);
    const { symbols } = encoder.encode(bytesOf('abcadb'));
    expect([...symbols]).toEqual([259, 258, 256, 100, 257]);
    expect(latin1(decoder.decode({ symbols }))).toBe('abcadb');
  });

  it('renumbered where phrases share codes: a number for each code', () => {
    const shared = { a: 5, ab: 5, b: 9 };
    const { encoder, decoder } = coder(shared, { symbolBits: 12, numbering: 'compact' }, 'lester');
    expect(encoder.alphabetSize).toBe(256 + 2);
    const encoded = encoder.encode(bytesOf('abba'));
    expect([...encoded.symbols]).toEqual([256, 257, 256]);
    expect(latin1(decoder.decode(encoded))).toBe('abba');
  });

  it.each([
    [5, 'sparse', 'do not fill windows of 12'],
    [0, 'sparse', '1 … 16 bits'],
    [6, 'compact', 'compact codes need symbols of 12 bits'],
  ] as const)('of %i bits, %s, are refused', (symbolBits, numbering, message) => {
    expect(() => coder(book, { symbolBits, numbering })).toThrow(ConfigError);
    expect(() => coder(book, { symbolBits, numbering })).toThrow(message);
  });

  it.each([
    [12, [97, 300], 'code 44 at position 1 belongs to no phrase'],
    [12, [97, 4352], 'symbol 4352 at position 1 is above 4351'],
    [6, [97, 256, 257], 'code 1 at position 1 belongs to no phrase'],
    [6, [256, 263, 97, 319], 'position 3 has 1 of its 2 symbols: the symbols end'],
    [4, [97, 256, 97], 'position 1 has 1 of its 3 symbols: a literal follows'],
    [4, [97, 256, 999, 256], 'symbol 999 at position 2 is above 271'],
  ])('of %i bits that were never written, %j, are refused', (symbolBits, symbols, message) => {
    const { decoder } = coder(book, { symbolBits, numbering: 'sparse' });
    const damaged = { symbols: Uint32Array.from(symbols) };
    expect(() => decoder.decode(damaged)).toThrow(CompressorError);
    expect(() => decoder.decode(damaged)).toThrow(message);
    expect(() => [...decoder.segments(damaged)]).toThrow(message);
  });

  it('cover the bytes of their windows, all symbols of one alike', () => {
    fc.assert(
      fc.property(cases(uniquePhrasebook), ({ book, bytes, ends, format }) => {
        const { encoder, decoder } = coder(book, format);
        const encoded = encoder.encode(bytes, ends);
        let byteStart = 0;
        const expected = plainParse(book, bytes, ends).flatMap((unit) => {
          const byteEnd = byteStart + unit.text.length;
          const segments = symbolsOf([unit], format.symbolBits).map((symbol) => ({ symbol, byteStart, byteEnd }));
          byteStart = byteEnd;
          return segments;
        });
        expect([...decoder.segments(encoded)]).toEqual(expected);
        const last = new Set(expected.map(({ byteEnd }) => byteEnd));
        expect([...encoder.windowEnds(bytes, ends)]).toEqual([...last]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('segments of another document', () => {
  const { encoder } = coder({ a: 1 });
  it.each([[[2]], [[2, 4]], [[2, 1, 3]], [[]]])('%j are refused for three bytes', (ends) => {
    expect(() => encoder.encode(bytesOf('aaa'), Uint32Array.from(ends))).toThrow(CompressorError);
  });

  it('none are those of no bytes', () => {
    expect(encoder.encode(new Uint8Array(0), new Uint32Array(0)).symbols).toEqual(new Uint32Array(0));
    expect(encoder.encode(new Uint8Array(0)).symbols).toEqual(new Uint32Array(0));
  });
});
