import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bitsPerSymbol, packSymbols, unpackSymbols } from '../../../src/data/compressed-file/pack-symbols.js';
import { CompressorError } from '../../../src/support/errors.js';

describe('symbols packed to bits', () => {
  it('take as many as the alphabet needs', () => {
    expect([1, 2, 3, 16, 256, 257, 65_536, 65_792, 2 ** 32].map(bitsPerSymbol)).toEqual([0, 1, 2, 4, 8, 9, 16, 17, 32]);
  });

  it('stand one behind the other, high bits first', () => {
    // 101 010 111 000 001, and one zero.
    expect(packSymbols(Uint32Array.of(5, 2, 7, 0, 1), 3)).toEqual(Uint8Array.of(0b10101011, 0b10000010));
  });

  it('come back, at any width', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 32 }), fc.array(fc.nat(0xffffffff)), (bits, values) => {
        const symbols = Uint32Array.from(values, (value) => (bits === 32 ? value : value % 2 ** bits));
        const packed = packSymbols(symbols, bits);
        expect(packed.length).toBe(Math.ceil((bits * symbols.length) / 8));
        expect(unpackSymbols(packed, symbols.length, bits)).toEqual(symbols);
      }),
      { numRuns: 300 },
    );
  });

  it('are refused where they do not fill their bytes', () => {
    expect(() => unpackSymbols(new Uint8Array(2), 2, 4)).toThrow(CompressorError);
    expect(() => unpackSymbols(Uint8Array.of(0b11110001), 1, 4)).toThrow('behind the last symbol');
  });
});
