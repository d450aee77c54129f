import { byteLength, type HostTensor, sameShape } from '../../graph/index.js';
import { BackendError } from '../../support/errors.js';
import type { StateSlice, StateSpec } from '../contracts.js';

/** A snapshot is read between the steps of a run: in few messages, that it does not take as many steps as tensors. */
const MESSAGE_BYTES = 1 << 26;

/** As many slices, in order, as fit in a message; at least one. */
export async function slicesOfMessage(
  names: readonly string[],
  read: (name: string) => StateSlice | Promise<StateSlice>,
): Promise<StateSlice[]> {
  const slices: StateSlice[] = [];
  let bytes = 0;
  for (const name of names) {
    if (slices.length > 0 && bytes >= MESSAGE_BYTES) break;
    const slice = await read(name);
    bytes += slice.tensor.bytes.byteLength;
    slices.push(slice);
  }
  return slices;
}

/** A whole entry, as it leaves a session. */
export function wholeSlice({ name, dtype, shape }: StateSpec, tensor: HostTensor): StateSlice {
  return { name, dtype, globalShape: [...shape], offset: shape.map(() => 0), tensor };
}

/** @throws BackendError if the entry has no such place, or is of another type */
export function checkSlice(spec: StateSpec, { dtype, globalShape, offset, tensor }: StateSlice): void {
  if (dtype === spec.dtype && sameShape(globalShape, spec.shape) && fits(spec.shape, offset, tensor.shape)) return;
  throw new BackendError(
    'failed',
    `state ${spec.name} is ${spec.dtype} [${spec.shape}]; cannot write ${dtype} [${tensor.shape}] at [${offset}] of [${globalShape}]`,
  );
}

/** Copies a slice to its place in the whole tensor. */
export function writeSlice(whole: HostTensor, { offset, tensor }: Pick<StateSlice, 'offset' | 'tensor'>): void {
  writeBlock(whole.bytes, whole.shape, tensor, offset, byteLength(whole.dtype, [1]));
}

function fits(shape: readonly number[], offset: readonly number[], block: readonly number[]): boolean {
  return (
    block.length === shape.length &&
    offset.length === shape.length &&
    shape.every((size, axis) => offset[axis]! >= 0 && offset[axis]! + block[axis]! <= size)
  );
}

/** Copies a block into a row-major tensor, one contiguous row at a time. */
function writeBlock(
  target: Uint8Array,
  shape: readonly number[],
  block: HostTensor,
  offset: readonly number[],
  elementBytes: number,
): void {
  const copyRows = (axis: number, to: number, from: number): number => {
    const inner = shape.slice(axis + 1).reduce((a, b) => a * b, elementBytes);
    const whole = shape.slice(axis + 1).every((size, index) => block.shape[axis + 1 + index] === size);
    if (axis === shape.length || whole) {
      const length = axis === shape.length ? elementBytes : block.shape[axis]! * inner;
      target.set(block.bytes.subarray(from, from + length), axis === shape.length ? to : to + offset[axis]! * inner);
      return from + length;
    }
    let next = from;
    for (let index = 0; index < block.shape[axis]!; index++)
      next = copyRows(axis + 1, to + (offset[axis]! + index) * inner, next);
    return next;
  };
  copyRows(0, 0, 0);
}
