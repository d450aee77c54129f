import { elementCount, float32Values } from '../graph/tensor.js';
import type { TensorSlice } from './slices.js';

/*
 * IEEE 754 binary16 in 16-bit words, for files: one bit of sign, five of exponent, ten of fraction. Rounding is to the
 * nearest, ties to even, as hardware and other libraries do it.
 */

const BITS = new Uint32Array(1);
const FLOAT = new Float32Array(BITS.buffer);

/** Smallest binary16 that is not subnormal, as the exponent field of a binary32. */
const SMALLEST_NORMAL = 113 << 23;
/** What rounds up to more than the largest binary16, 65,504, becomes infinite. */
const OVERFLOW = 0x47_7f_f0_00;
const INFINITE = 255 << 23;

export function toHalf(value: number): number {
  FLOAT[0] = value;
  const sign = (BITS[0]! >>> 16) & 0x80_00;
  const magnitude = BITS[0]! & 0x7f_ff_ff_ff;
  if (magnitude > INFINITE) return sign | 0x7e_00;
  if (magnitude >= OVERFLOW) return sign | 0x7c_00;
  if (magnitude < SMALLEST_NORMAL) {
    // Adding ½ leaves the value in units of 2⁻²⁴, rounded, in the low bits of the sum.
    BITS[0] = magnitude;
    FLOAT[0] = FLOAT[0]! + 0.5;
    return sign | (BITS[0]! - (126 << 23));
  }
  const odd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - (112 << 23) + 0xf_ff + odd) >>> 13);
}

export function fromHalf(word: number): number {
  const sign = word & 0x80_00 ? -1 : 1;
  const exponent = (word >>> 10) & 0x1f;
  const fraction = word & 0x3_ff;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** Rounds values into as many words. Returns how many finite ones were too large and became infinite. */
export function encodeHalves(values: Float32Array, words: Uint16Array): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let overflows = 0;
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!;
    const magnitude = word & 0x7f_ff_ff_ff;
    // One comparison for what is neither subnormal nor too large, which is nearly all.
    if ((magnitude - SMALLEST_NORMAL) >>> 0 < OVERFLOW - SMALLEST_NORMAL) {
      const odd = (magnitude >>> 13) & 1;
      words[i] = ((word >>> 16) & 0x80_00) | ((magnitude - (112 << 23) + 0xf_ff + odd) >>> 13);
    } else {
      words[i] = toHalf(values[i]!);
      if (magnitude >= OVERFLOW && magnitude < INFINITE) overflows++;
    }
  }
  return overflows;
}

/** The values of words, into an array of as many. */
export function decodeHalves(words: Uint16Array, values: Float32Array): void {
  valueOfWord ??= Float32Array.from({ length: 1 << 16 }, (_, word) => fromHalf(word));
  const table = valueOfWord;
  for (let i = 0; i < words.length; i++) values[i] = table[words[i]!]!;
}

/** The value of every word, made when it is first needed. */
let valueOfWord: Float32Array | undefined;

/** A slice of f32 in half the bytes. */
export function asHalf(slice: TensorSlice): TensorSlice {
  const values = float32Values(slice.tensor);
  const words = new Uint16Array(values.length);
  encodeHalves(values, words);
  return retyped(slice, 'f16', words);
}

/** A slice in f32, converted where it is stored as f16; others are left as they are. */
function asFloat32(slice: TensorSlice): TensorSlice {
  if (slice.dtype !== 'f16') return slice;
  const { bytes, shape } = slice.tensor;
  const values = new Float32Array(elementCount(shape));
  decodeHalves(halfWords(bytes), values);
  return retyped(slice, 'f32', values);
}

/** Bytes as words of two, copied only where they are not aligned. */
export function halfWords(bytes: Uint8Array): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
}

/** As `asFloat32`, of slices as they come. */
export async function* inFloat32(slices: AsyncIterable<TensorSlice>): AsyncGenerator<TensorSlice> {
  for await (const slice of slices) yield asFloat32(slice);
}

function retyped(slice: TensorSlice, dtype: 'f16' | 'f32', { buffer }: Uint16Array | Float32Array): TensorSlice {
  return { ...slice, dtype, tensor: { ...slice.tensor, dtype, bytes: new Uint8Array(buffer) } };
}
