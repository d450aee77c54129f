import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  packNines,
  type ReferenceFormat,
  readReferenceField,
  unpackNines,
  writeReferenceField,
} from '../../src/neural-coding/reference-field.js';
import { CompressorError } from '../../src/support/errors.js';

/** A field as the published writer makes it, by its own rule: an accumulator that low bits leave first. */
function fieldOf(pseudoBytes: readonly number[]): string {
  const bytes: number[] = [];
  let held = 0n;
  for (const [index, value] of pseudoBytes.entries()) held |= BigInt(value) << BigInt(9 * index);
  for (let left = 9 * pseudoBytes.length; left > 0; left -= 8, held >>= 8n) bytes.push(Number(held & 255n));
  return Buffer.from(bytes).toString('base64');
}

const read = (pseudoBytes: number[], windowBits: number, symbolBits: number, lenient = false) => [
  ...readReferenceField(fieldOf(pseudoBytes), { windowBits, symbolBits }, { lenient }),
];

describe('pseudo-bytes of nine bits', () => {
  it('are packed low bits first', () => {
    expect(Buffer.from(packNines(Uint16Array.of(274, 65))).toString('hex')).toBe('128300');
  });

  it('are the same after packing, for every length', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(511), { maxLength: 40 }), (values) => {
        const packed = packNines(Uint16Array.from(values));
        expect(Buffer.from(packed).toString('base64')).toBe(fieldOf(values));
        expect([...unpackNines(packed)]).toEqual(values);
      }),
    );
  });
});

describe('fields made by the published pipeline', () => {
  it.each([
    [16, 16, [65, 257, 258, 259, 260, 66], [65, 514, 1028, 66]],
    [12, 12, [256 + 0xab, 256 + 0xc0], [3004]],
    [12, 4, [256 + 0xab, 256 + 0xc0], [266, 267, 268]],
    [16, 8, [256 + 0xab, 256 + 0xcd], [427, 461]],
    [20, 10, [256 + 0xff, 256 + 0xc0, 256 + 0x10], [256 + 0x3ff, 256 + 1]],
    [64, 16, [257, 258, 259, 260, 261, 262, 263, 264], [0x0102, 0x0304, 0x0506, 0x0708].map((code) => 256 + code)],
  ])('with windows of %i and symbols of %i bits: %j', (windowBits, symbolBits, pseudoBytes, symbols) => {
    expect(read(pseudoBytes, windowBits, symbolBits)).toEqual(symbols);
    expect(writeReferenceField(Uint32Array.from(symbols), { windowBits, symbolBits })).toBe(fieldOf(pseudoBytes));
  });

  it('keep long runs of literals as they are', () => {
    const literals = Array.from({ length: 5000 }, (_, index) => index % 256);
    expect(read([...literals, 256, 511, ...literals], 16, 16)).toEqual([...literals, 256 + 255, ...literals]);
  });

  it('may end within a window: that is refused with its place, or dropped as the published reader drops it', () => {
    const pseudoBytes = [65, 257, 258, 259, 66, 256];
    expect(() => read(pseudoBytes, 16, 16)).toThrow(CompressorError);
    expect(() => read(pseudoBytes, 16, 16)).toThrow('the 3 coded bytes at offset 1');
    expect(read(pseudoBytes, 16, 16, true)).toEqual([65, 514, 66]);
  });

  it('may have bits behind a window: they are refused, or dropped', () => {
    const pseudoBytes = [256 + 0xab, 256 + 0xc1];
    expect(() => read(pseudoBytes, 12, 12)).toThrow('offset 0 has bits set behind its 12');
    expect(read(pseudoBytes, 12, 12, true)).toEqual([3004]);
  });
});

/** Any τ and N that go together, and symbols of whole windows and literals. */
const formatted = fc
  .constantFrom<[number, number]>(
    [12, 12],
    [12, 1],
    [14, 7],
    [16, 16],
    [18, 9],
    [20, 5],
    [24, 12],
    [48, 16],
    [60, 15],
    [64, 8],
  )
  .chain(([windowBits, symbolBits]) => {
    const symbol = fc.nat(2 ** symbolBits - 1).map((value) => 256 + value);
    const perWindow = windowBits / symbolBits;
    const unit = fc.oneof(
      fc.nat(255).map((byte) => [byte]),
      fc.array(symbol, { minLength: perWindow, maxLength: perWindow }),
    );
    const format: ReferenceFormat = { windowBits, symbolBits };
    return fc.array(unit, { maxLength: 30 }).map((units) => ({ format, symbols: Uint32Array.from(units.flat()) }));
  });

describe('symbols', () => {
  it('are the same after writing and reading', () => {
    fc.assert(
      fc.property(formatted, ({ format, symbols }) => {
        expect(readReferenceField(writeReferenceField(symbols, format), format)).toEqual(symbols);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [16, 16, [65, 65_792], 'symbol 65792 at position 1'],
    [16, 8, [65, 300], 'position 1 has 1 of its 2 symbols'],
    [24, 12, [300, 65], 'position 0 has 1 of its 2 symbols'],
  ])('of windows of %i bits that are none are not written: %j', (windowBits, symbolBits, symbols, message) => {
    expect(() => writeReferenceField(Uint32Array.from(symbols), { windowBits, symbolBits })).toThrow(message);
  });
});

it.each([
  ['no base64!', 'not base64'],
  [Buffer.of(1).toString('base64'), '1 bytes are no whole number'],
  [Buffer.alloc(10).toString('base64'), '10 bytes are no whole number'],
])('a field %j is refused', (text, message) => {
  expect(() => readReferenceField(text, { windowBits: 16, symbolBits: 16 })).toThrow(CompressorError);
  expect(() => readReferenceField(text, { windowBits: 16, symbolBits: 16 })).toThrow(message);
});
