import { ProgramError } from '../support/errors.js';
import type { Node, OperationAttributes, PrimitiveName } from './node.js';
import { broadcastShapes } from './shapes.js';
import { type DType, elementCount, type HostTensor, hostTensor, type Shape } from './tensor.js';

/**
 * What every primitive operation means, one element at a time and in double precision. The interpreter runs programs
 * with these kernels, constants are folded by them, and backends are compared with them. They are slow on purpose.
 */

/** Numbers of a tensor, row-major; floats in double precision whatever their type, booleans as 0 and 1. */
export interface Values {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** The value of a primitive whose operands are all constants. */
export function evaluateConstant(node: Node<PrimitiveName>): HostTensor {
  const operands = node.operands.map((operand) => valuesOf((operand as Node<'constant'>).attributes.value));
  return tensorOf(evaluate(node, operands));
}

export function valuesOf({ dtype, shape, bytes }: HostTensor): Values {
  const { buffer, byteOffset, byteLength } = bytes.slice();
  if (dtype === 'f32')
    return { dtype, shape, data: Float64Array.from(new Float32Array(buffer, byteOffset, byteLength / 4)) };
  if (dtype === 'i32')
    return { dtype, shape, data: Float64Array.from(new Int32Array(buffer, byteOffset, byteLength / 4)) };
  if (dtype === 'bool') return { dtype, shape, data: Float64Array.from(bytes) };
  throw new ProgramError(`the interpreter does not read ${dtype}`);
}

export function tensorOf({ dtype, shape, data }: Values): HostTensor {
  if (dtype === 'f16' || dtype === 'bf16') throw new ProgramError(`the interpreter does not write ${dtype}`);
  return hostTensor(dtype, data, [...shape]);
}

/** The value of a primitive, given those of its operands; inputs and state have none. */
export function evaluate<Op extends PrimitiveName>(node: Node<Op>, operands: readonly Values[]): Values {
  const kernel = kernels[node.op] as Kernel<Op>;
  return { dtype: node.dtype, shape: node.shape, data: kernel(operands, node.attributes, node.shape) };
}

type Kernel<Op extends PrimitiveName> = (
  operands: readonly Values[],
  attributes: OperationAttributes[Op],
  shape: Shape,
) => Float64Array;

const unary =
  (f: (x: number) => number) =>
  ([x]: readonly Values[]) =>
    x!.data.map(f);

const binary =
  (f: (a: number, b: number) => number) =>
  ([a, b]: readonly Values[], _: unknown, shape: Shape) => {
    const atA = indexMap(shape, broadcastStrides(a!.shape, shape));
    const atB = indexMap(shape, broadcastStrides(b!.shape, shape));
    return new Float64Array(elementCount(shape)).map((_, i) => f(a!.data[atA[i]!]!, b!.data[atB[i]!]!));
  };

const unbound = (): never => {
  throw new ProgramError('inputs and state have no value of their own');
};

const kernels: { readonly [Op in PrimitiveName]: Kernel<Op> } = {
  input: unbound,
  state: unbound,
  constant: (_, { value }) => valuesOf(value).data,
  iota: (_, { shape, axis }) =>
    Float64Array.from(
      indexMap(
        shape,
        shape.map((_, index) => (index === axis ? 1 : 0)),
      ),
    ),

  negate: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  reciprocal: unary((x) => 1 / x),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  cos: unary(Math.cos),
  sin: unary(Math.sin),
  not: unary((x) => (x ? 0 : 1)),
  cast: ([x], { dtype }) =>
    dtype === 'i32' ? x!.data.map(Math.trunc) : dtype === 'bool' ? x!.data.map((v) => (v ? 1 : 0)) : x!.data,

  add: binary((a, b) => a + b),
  subtract: binary((a, b) => a - b),
  multiply: binary((a, b) => a * b),
  divide: binary((a, b) => a / b),
  maximum: binary(Math.max),
  minimum: binary(Math.min),
  equal: binary((a, b) => (a === b ? 1 : 0)),
  less: binary((a, b) => (a < b ? 1 : 0)),
  and: binary((a, b) => a & b),
  or: binary((a, b) => a | b),
  select: ([condition, a, b], _, shape) => {
    const [atC, atA, atB] = [condition!, a!, b!].map((x) => indexMap(shape, broadcastStrides(x.shape, shape)));
    return new Float64Array(elementCount(shape)).map((_, i) =>
      condition!.data[atC![i]!] ? a!.data[atA![i]!]! : b!.data[atB![i]!]!,
    );
  },

  sum: ([x], _, shape) => reduce(x!, shape, 0, (a, b) => a + b),
  max: ([x], _, shape) => reduce(x!, shape, Number.NEGATIVE_INFINITY, Math.max),

  reshape: ([x]) => x!.data,
  broadcast: ([x], _, shape) => pickAt(x!, indexMap(shape, broadcastStrides(x!.shape, shape))),
  transpose: ([x], { permutation }, shape) => {
    const from = strides(x!.shape);
    return pickAt(
      x!,
      indexMap(
        shape,
        permutation.map((axis) => from[axis]!),
      ),
    );
  },
  concat: (operands, { axis }, shape) => {
    const result = new Float64Array(elementCount(shape));
    let start = 0;
    for (const operand of operands) {
      writeSlice(result, shape, operand, axis, start);
      start += operand.shape[axis]!;
    }
    return result;
  },
  slice: ([x], { axis, start }, shape) => {
    const from = strides(x!.shape);
    return pickAt(
      x!,
      indexMap(shape, from).map((index) => index + start * from[axis]!),
    );
  },
  pad: ([x], { axis, before }, shape) => {
    const result = new Float64Array(elementCount(shape));
    writeSlice(result, shape, x!, axis, before);
    return result;
  },

  matmul: ([a, b], { transposeA, transposeB, scale }, shape) => {
    const inner = a!.shape.at(transposeA ? -2 : -1)!;
    const [aRow, aInner] = matrixStrides(a!.shape, transposeA);
    const [bInner, bColumn] = matrixStrides(b!.shape, transposeB);
    const batch = shape.slice(0, -2);
    const atA = indexMap(shape, [...broadcastStrides(a!.shape.slice(0, -2), batch, a!.shape.slice(-2)), aRow, 0]);
    const atB = indexMap(shape, [...broadcastStrides(b!.shape.slice(0, -2), batch, b!.shape.slice(-2)), 0, bColumn]);
    return new Float64Array(elementCount(shape)).map((_, i) => {
      let total = 0;
      for (let k = 0; k < inner; k++) total += a!.data[atA[i]! + k * aInner]! * b!.data[atB[i]! + k * bInner]!;
      return total * scale;
    });
  },
  gather: ([table, indices], _, shape) => {
    const row = elementCount(table!.shape.slice(1));
    return new Float64Array(elementCount(shape)).map(
      (_, i) => table!.data[inRange(indices!.data[Math.floor(i / row)]!, table!.shape[0]!) * row + (i % row)]!,
    );
  },
  scatterAdd: ([indices, updates], { rows }, shape) => {
    const result = new Float64Array(elementCount(shape));
    const row = elementCount(shape.slice(1));
    for (const [i, value] of updates!.data.entries())
      result[inRange(indices!.data[Math.floor(i / row)]!, rows) * row + (i % row)]! += value;
    return result;
  },
  pick: ([x, indices]) =>
    indices!.data.map((index, i) => x!.data[i * x!.shape.at(-1)! + inRange(index, x!.shape.at(-1)!)]!),

  updateSlice: ([target, value, start], { axis }, shape) => {
    const result = target!.data.slice();
    inRange(start!.data[0]! + value!.shape[axis]! - 1, shape[axis]!);
    writeSlice(result, shape, value!, axis, start!.data[0]!);
    return result;
  },
  after: ([x]) => x!.data,
};

function inRange(index: number, size: number): number {
  if (index < 0 || index >= size) throw new ProgramError(`index ${index} is outside 0 … ${size - 1}`);
  return index;
}

/** Distance in elements between neighbours along each axis. */
function strides(shape: Shape): number[] {
  return shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
}

/** Strides that read a tensor as if it were stretched to `to`; `within` are further axes inside each element. */
function broadcastStrides(from: Shape, to: Shape, within: Shape = []): number[] {
  broadcastShapes(from, to);
  const own = strides([...from, ...within]);
  const added = to.length - from.length;
  return to.map((_, axis) => (axis < added || from[axis - added] === 1 ? 0 : own[axis - added]!));
}

function matrixStrides(shape: Shape, transposed: boolean): [number, number] {
  const columns = shape.at(-1)!;
  return transposed ? [1, columns] : [columns, 1];
}

/** For each element of `shape` in row-major order, the position that the given strides lead to. */
function indexMap(shape: Shape, stride: readonly number[]): Int32Array {
  let positions = Int32Array.of(0);
  shape.forEach((size, axis) => {
    const inner = new Int32Array(positions.length * size);
    positions.forEach((position, i) => {
      for (let j = 0; j < size; j++) inner[i * size + j] = position + j * stride[axis]!;
    });
    positions = inner;
  });
  return positions;
}

function pickAt({ data }: Values, positions: Int32Array): Float64Array {
  return Float64Array.from(positions, (position) => data[position]!);
}

function reduce(
  { data, shape }: Values,
  to: Shape,
  initial: number,
  f: (a: number, b: number) => number,
): Float64Array {
  const result = new Float64Array(elementCount(to)).fill(initial);
  indexMap(shape, broadcastStrides(to, shape)).forEach((position, i) => {
    result[position] = f(result[position]!, data[i]!);
  });
  return result;
}

function writeSlice(target: Float64Array, shape: Shape, value: Values, axis: number, start: number): void {
  const to = strides(shape);
  indexMap(value.shape, to).forEach((position, i) => {
    target[position + start * to[axis]!] = value.data[i]!;
  });
}
