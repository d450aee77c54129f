import { fromHalf, toHalf } from '../checkpoints/index.js';

/**
 * Weights in other types than `f32`, as other programs store them. Rounding is to the nearest, ties to even.
 */

/** The types that weights are written in, by the names of `--dtype`. */
export const WEIGHT_TYPES = {
  fp32: { element: 'F32', torch: 'float32' },
  bf16: { element: 'BF16', torch: 'bfloat16' },
  fp16: { element: 'F16', torch: 'float16' },
} as const;

export type WeightType = keyof typeof WEIGHT_TYPES;

export const WEIGHT_TYPE_NAMES = Object.keys(WEIGHT_TYPES) as WeightType[];

/** Types of stored weights that are read. */
export const FLOAT_ELEMENTS = ['F64', 'F32', 'F16', 'BF16'] as const;

export type FloatElement = (typeof FLOAT_ELEMENTS)[number];

export function isFloatElement(type: string): type is FloatElement {
  return (FLOAT_ELEMENTS as readonly string[]).includes(type);
}

/** Little-endian bytes of the type as `f32`; without a copy where they are that already, and aligned. */
export function decodeFloats(type: FloatElement, bytes: Uint8Array): Float32Array {
  switch (type) {
    case 'F32':
      return new Float32Array(...viewOf(bytes, 4));
    case 'F64':
      return Float32Array.from(new Float64Array(...viewOf(bytes, 8)));
    case 'F16':
      return decodeHalves(new Uint16Array(...viewOf(bytes, 2)));
    case 'BF16': {
      // A bfloat16 is the upper half of the f32 of the same value.
      const words = new Uint16Array(...viewOf(bytes, 2));
      const bits = new Uint32Array(words.length);
      for (let i = 0; i < words.length; i++) bits[i] = words[i]! << 16;
      return new Float32Array(bits.buffer);
    }
  }
}

/** What `f32` values become in a type, and how many finite ones are too large for it and become infinite. */
export interface EncodedFloats {
  bytes: Uint8Array;
  overflows: number;
}

export function encodeFloats(type: WeightType, values: Float32Array): EncodedFloats {
  if (type === 'fp32') return { bytes: bytesOf(values), overflows: 0 };
  const words = new Uint16Array(values.length);
  if (type === 'bf16') encodeBfloats(values, words);
  else for (let i = 0; i < values.length; i++) words[i] = toHalf(values[i]!);
  return { bytes: bytesOf(words), overflows: overflows(values, words, type === 'bf16' ? 0x7f_80 : 0x7c_00) };
}

function encodeBfloats(values: Float32Array, words: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < words.length; i++) {
    const word = bits[i]!;
    const noNumber = (word & 0x7f_ff_ff_ff) > 0x7f_80_00_00;
    // Rounding could carry a NaN's fraction away; its quiet bit keeps it one.
    words[i] = noNumber ? (word >>> 16) | 0x40 : (word + 0x7f_ff + ((word >>> 16) & 1)) >>> 16;
  }
}

function overflows(values: Float32Array, words: Uint16Array, infinity: number): number {
  let count = 0;
  for (let i = 0; i < words.length; i++) if ((words[i]! & 0x7f_ff) === infinity && Number.isFinite(values[i])) count++;
  return count;
}

function decodeHalves(words: Uint16Array): Float32Array {
  const values = new Float32Array(words.length);
  for (let i = 0; i < words.length; i++) values[i] = fromHalf(words[i]!);
  return values;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Arguments of a typed array over these bytes, which are copied only where they are not aligned. */
function viewOf(bytes: Uint8Array, elementBytes: number): [ArrayBufferLike, number, number] {
  const aligned = bytes.byteOffset % elementBytes === 0 ? bytes : bytes.slice();
  return [aligned.buffer, aligned.byteOffset, aligned.byteLength / elementBytes];
}
