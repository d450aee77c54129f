import { decodeHalves, ELEMENT_BYTES, encodeHalves } from '../checkpoints/index.js';
import { CheckpointError } from '../support/errors.js';

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

/** What is decoded, for messages: a tensor of a file. */
export interface FloatOrigin {
  file: string;
  name: string;
}

/**
 * Little-endian bytes of a type, whole elements in every piece, as `f32`. A piece is good until the next is asked for: where types differ
 * it is in memory that is used again.
 *
 * @throws CheckpointError naming the tensor if a value is finite and `f32` cannot hold it
 */
export async function* decodedPieces(
  type: FloatElement,
  pieces: AsyncIterable<Uint8Array>,
  { file, name }: FloatOrigin,
): AsyncGenerator<Float32Array, undefined> {
  let memory = new Float32Array(0);
  for await (const piece of pieces) {
    if (type === 'F32') {
      yield new Float32Array(...viewOf(piece, 4));
      continue;
    }
    const count = piece.byteLength / ELEMENT_BYTES[type];
    if (memory.length < count) memory = new Float32Array(count);
    const values = memory.subarray(0, count);
    const overflows = DECODERS[type](piece, values);
    if (overflows > 0)
      throw new CheckpointError(`${name} has values that are too large for f32`, {
        file,
        field: name,
        hint: 'Its weights have diverged, or the file is damaged: use another one.',
      });
    yield values;
  }
}

/** Fill an array with the values of bytes, and tell how many of them became infinite. */
const DECODERS: Readonly<Record<Exclude<FloatElement, 'F32'>, (bytes: Uint8Array, values: Float32Array) => number>> = {
  F64: (bytes, values) => {
    const wide = new Float64Array(...viewOf(bytes, 8));
    values.set(wide);
    let overflows = 0;
    for (let i = 0; i < wide.length; i++)
      if (Math.abs(wide[i]!) >= F32_OVERFLOW && Number.isFinite(wide[i])) overflows++;
    return overflows;
  },
  F16: (bytes, values) => {
    decodeHalves(new Uint16Array(...viewOf(bytes, 2)), values);
    return 0;
  },
  BF16: (bytes, values) => {
    // A bfloat16 is the upper half of the f32 of the same value.
    const words = new Uint16Array(...viewOf(bytes, 2));
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (let i = 0; i < words.length; i++) bits[i] = words[i]! << 16;
    return 0;
  },
};

/** Half way from the largest `f32` to the next power of two: what is as large rounds to infinity. */
const F32_OVERFLOW = 2 ** 128 - 2 ** 103;

/** What `f32` values become in a type, and how many finite ones are too large for it and become infinite. */
export interface EncodedFloats {
  bytes: Uint8Array;
  overflows: number;
}

/** Rounds values to a type. What it returns is good until the next call: it is in memory that is used again. */
export type FloatEncoder = (values: Float32Array) => EncodedFloats;

export function floatEncoder(type: WeightType): FloatEncoder {
  if (type === 'fp32') return (values) => ({ bytes: bytesOf(values), overflows: 0 });
  const encode = type === 'bf16' ? encodeBfloats : encodeHalves;
  let memory = new Uint16Array(0);
  return (values) => {
    if (memory.length < values.length) memory = new Uint16Array(values.length);
    const words = memory.subarray(0, values.length);
    const overflows = encode(values, words);
    return { bytes: bytesOf(words), overflows };
  };
}

/** Finite `f32` from here on are nearer to the bfloat16 of infinity than to the largest that is finite. */
const BFLOAT_OVERFLOW = 0x7f_7f_80_00;
const INFINITE = 0x7f_80_00_00;

function encodeBfloats(values: Float32Array, words: Uint16Array): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let overflows = 0;
  for (let i = 0; i < words.length; i++) {
    const word = bits[i]!;
    const magnitude = word & 0x7f_ff_ff_ff;
    if (magnitude > INFINITE) {
      // Rounding could carry a NaN's fraction away; its quiet bit keeps it one.
      words[i] = (word >>> 16) | 0x40;
    } else {
      words[i] = (word + 0x7f_ff + ((word >>> 16) & 1)) >>> 16;
      if (magnitude >= BFLOAT_OVERFLOW && magnitude < INFINITE) overflows++;
    }
  }
  return overflows;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Arguments of a typed array over these bytes, which are copied only where they are not aligned. */
function viewOf(bytes: Uint8Array, elementBytes: number): [ArrayBufferLike, number, number] {
  const aligned = bytes.byteOffset % elementBytes === 0 ? bytes : bytes.slice();
  return [aligned.buffer, aligned.byteOffset, aligned.byteLength / elementBytes];
}
