import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VarintReader, VarintWriter } from '../../src/support/varints.js';

function written(values: readonly number[]): Uint8Array {
  const writer = new VarintWriter();
  for (const value of values) writer.push(value);
  return writer.take();
}

describe('numbers of variable length', () => {
  it('have seven bits a byte, the lowest first', () => {
    expect(written([0, 127, 128, 300])).toEqual(Uint8Array.of(0, 127, 0x80, 1, 0xac, 2));
  });

  it('come back, however many there are', () => {
    const values = fc.array(fc.nat({ max: 2 ** 32 - 1 }), { maxLength: 40 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (some, times) => {
        const all = new Array<number[]>(times).fill(some).flat();
        const reader = new VarintReader(written(all));
        expect(all.map(() => reader.next())).toEqual(all);
        expect(reader.finished).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('are told from what is none: nothing, a part of one, 2^32 and more', () => {
    for (const bytes of [[], [128, 128], [0x80, 0x80, 0x80, 0x80, 0x10], new Array<number>(9).fill(255)])
      expect(new VarintReader(Uint8Array.from(bytes)).next()).toBeUndefined();
  });

  it('tell where they end', () => {
    const reader = new VarintReader(Uint8Array.of(0xac, 2, 5));
    reader.next();
    expect(reader.position).toBe(2);
  });
});
