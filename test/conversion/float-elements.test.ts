import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatEncoder } from '../../src/conversion/float-elements.js';
import { CheckpointError } from '../../src/support/errors.js';
import { decoded } from './decoded.js';

const bits = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0]!;
const float = (word: number): number => new Float32Array(Uint32Array.of(word).buffer)[0]!;
const bfloat = (value: number): number =>
  new Uint16Array(floatEncoder('bf16')(Float32Array.of(value)).bytes.buffer)[0]!;

describe('bfloat16', () => {
  it('is the nearest upper half of an f32, and of two equally near the even one', () => {
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, noDefaultInfinity: true, max: Math.fround(3.3e38), min: Math.fround(-3.3e38) }),
        (value) => {
          // The neighbours of a value, in doubles, where their distances are exact.
          const below = bits(value) >>> 16;
          const [low, high] = [float(below << 16), float((below + 1) << 16)].map((each) => Math.abs(each - value)) as [
            number,
            number,
          ];
          const expected = low < high || (low === high && below % 2 === 0) ? below : below + 1;
          expect(bfloat(value)).toBe(expected);
        },
      ),
    );
  });

  it('keeps infinities, signs and what is no number, and counts what becomes infinite', async () => {
    expect(bfloat(Number.NEGATIVE_INFINITY)).toBe(0xff_80);
    expect(bfloat(-0)).toBe(0x80_00);
    const quietest = new Float32Array(Uint32Array.of(0x7f_80_00_01, 0x7f_ff_ff_ff).buffer);
    expect([...(await decoded('BF16', floatEncoder('bf16')(quietest).bytes))]).toEqual([Number.NaN, Number.NaN]);
    const largest = float(0x7f_7f_ff_ff);
    expect(floatEncoder('bf16')(Float32Array.of(largest, Number.POSITIVE_INFINITY, 1)).overflows).toBe(1);
  });
});

describe('weights of other types', () => {
  it('are read as f32 from any place in a file', async () => {
    const padded = (bytes: Uint8Array) => {
      const shifted = new Uint8Array(bytes.length + 1);
      shifted.set(bytes, 1);
      return shifted.subarray(1);
    };
    const values = [0, -1.5, 0.333251953125, 65_504];
    const written = {
      F64: new Uint8Array(Float64Array.from(values).buffer),
      F32: new Uint8Array(Float32Array.from(values).buffer),
      F16: new Uint8Array(Uint16Array.of(0, 0xbe_00, 0x35_55, 0x7b_ff).buffer),
    } as const;
    for (const [type, bytes] of Object.entries(written))
      expect([...(await decoded(type as keyof typeof written, padded(bytes)))]).toEqual(values);
  });

  it('of 64 bits that f32 cannot hold are refused by the name of their tensor', async () => {
    const bytes = (value: number) => new Uint8Array(Float64Array.of(1, value).buffer);
    // Ties round to even, which is the power of two that there is no f32 for.
    const tie = 2 ** 128 - 2 ** 103;
    expect(Math.fround(tie)).toBe(Number.POSITIVE_INFINITY);
    await expect(decoded('F64', bytes(-tie))).rejects.toThrow(CheckpointError);
    await expect(decoded('F64', bytes(1e300))).rejects.toMatchObject({
      location: { file: 'test.safetensors', field: 'w' },
    });
    const below = tie - 2 ** 75;
    expect([...(await decoded('F64', bytes(below)))]).toEqual([1, Math.fround(below)]);
    expect([...(await decoded('F64', bytes(Number.NEGATIVE_INFINITY)))]).toEqual([1, Number.NEGATIVE_INFINITY]);
  });
});
