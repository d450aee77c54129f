/** Types of tensors, shared by programs (where a tensor is a node) and hosts (where it is bytes). */

/** `f16` and `bf16` are storage and compute types of accelerators; `bool` takes one byte an element. */
export type DType = 'f32' | 'f16' | 'bf16' | 'i32' | 'bool';

/** Static dimensions, outermost first; a scalar has none. */
export type Shape = readonly number[];

export const BYTES_PER_ELEMENT: Readonly<Record<DType, number>> = { f32: 4, f16: 2, bf16: 2, i32: 4, bool: 1 };

/** A tensor in host memory, row-major and little-endian; `f16` and `bf16` elements are 16-bit words. */
export interface HostTensor {
  dtype: DType;
  shape: number[];
  bytes: Uint8Array;
}

/** Number of elements of a tensor of this shape. */
export function elementCount(shape: Shape): number {
  return shape.reduce((count, size) => count * size, 1);
}

export function byteLength(dtype: DType, shape: Shape): number {
  return elementCount(shape) * BYTES_PER_ELEMENT[dtype];
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** A host tensor of the given numbers; the shape defaults to one dimension. */
export function hostTensor(
  dtype: 'f32' | 'i32' | 'bool',
  values: ArrayLike<number>,
  shape: number[] = [values.length],
): HostTensor {
  const data =
    dtype === 'f32' ? Float32Array.from(values) : dtype === 'i32' ? Int32Array.from(values) : Uint8Array.from(values);
  return { dtype, shape, bytes: new Uint8Array(data.buffer) };
}

/** The elements of an `f32` tensor, without a copy where its bytes are aligned. */
export function float32Values(tensor: HostTensor): Float32Array {
  return typedView(tensor, 'f32', Float32Array);
}

/** The elements of an `i32` tensor, without a copy where its bytes are aligned. */
export function int32Values(tensor: HostTensor): Int32Array {
  return typedView(tensor, 'i32', Int32Array);
}

function typedView<T>(
  { dtype, bytes }: HostTensor,
  expected: DType,
  View: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => T,
): T {
  if (dtype !== expected) throw new TypeError(`expected a tensor of ${expected}, got ${dtype}`);
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new View(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}
