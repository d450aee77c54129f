import { isOperation, makeNode, type Node, type OperationAttributes, type PrimitiveName } from './node.js';
import {
  broadcastShapes,
  checkAxis,
  concatShape,
  fail,
  matmulShape,
  reduceShape,
  show,
  stretchedAxes,
  withSize,
} from './shapes.js';
import { type DType, elementCount, type HostTensor, hostTensor, type Shape, sameShape } from './tensor.js';

/**
 * The primitive operations: one table that gives each its shape rule and its gradient rule, then a builder for each.
 *
 * A gradient rule is the vector–Jacobian product, written with the same operations: given the cotangent of a node
 * (∂loss/∂node, of the node's shape) it returns the cotangent of each operand, or null where there is none. What a
 * rule returns and nobody needs is never computed, so rules return all they can. An operation without a rule is
 * piecewise constant or over integers, and stops gradients.
 */
export interface Operation<Op extends PrimitiveName> {
  infer(operands: readonly Node[], attributes: OperationAttributes[Op]): { dtype: DType; shape: Shape };
  gradient?(cotangent: Node, node: Node<Op>): (Node | null)[];
}

const like = ([x]: readonly Node[]) => ({ dtype: x!.dtype, shape: x!.shape });

const elementwise = ([a, b]: readonly Node[]) => ({
  dtype: commonType([a!, b!]),
  shape: broadcastShapes(a!.shape, b!.shape),
});

const comparison = (operands: readonly Node[]) => ({ dtype: 'bool' as const, shape: elementwise(operands).shape });

const declared = (_: readonly Node[], { dtype, shape }: { dtype: DType; shape: number[] }) => ({ dtype, shape });

export const operations: { readonly [Op in PrimitiveName]: Operation<Op> } = {
  input: { infer: declared },
  state: { infer: declared },
  constant: { infer: (_, { value }) => ({ dtype: value.dtype, shape: value.shape }) },
  iota: { infer: (_, { shape }) => ({ dtype: 'i32', shape }) },

  negate: { infer: like, gradient: (g) => [negate(g)] },
  exp: { infer: like, gradient: (g, y) => [multiply(g, y)] },
  log: { infer: like, gradient: (g, { operands: [x] }) => [divide(g, x!)] },
  sqrt: { infer: like, gradient: (g, y) => [divide(multiply(g, scalar(0.5)), y)] },
  reciprocal: { infer: like, gradient: (g, y) => [negate(multiply(g, multiply(y, y)))] },
  sigmoid: { infer: like, gradient: (g, y) => [multiply(g, multiply(y, subtract(scalar(1), y)))] },
  cos: { infer: like, gradient: (g, { operands: [x] }) => [negate(multiply(g, sin(x!)))] },
  sin: { infer: like, gradient: (g, { operands: [x] }) => [multiply(g, cos(x!))] },
  not: { infer: like },
  cast: {
    infer: ([x], { dtype }) => ({ dtype, shape: x!.shape }),
    gradient: (g, { operands: [x] }) => [isFloat(x!) ? cast(g, x!.dtype) : null],
  },

  add: { infer: elementwise, gradient: (g, { operands: [a, b] }) => [sumTo(g, a!.shape), sumTo(g, b!.shape)] },
  subtract: {
    infer: elementwise,
    gradient: (g, { operands: [a, b] }) => [sumTo(g, a!.shape), sumTo(negate(g), b!.shape)],
  },
  multiply: {
    infer: elementwise,
    gradient: (g, { operands: [a, b] }) => [sumTo(multiply(g, b!), a!.shape), sumTo(multiply(g, a!), b!.shape)],
  },
  divide: {
    infer: elementwise,
    gradient: (g, y) => {
      const [a, b] = y.operands;
      const byB = divide(g, b!);
      return [sumTo(byB, a!.shape), sumTo(negate(multiply(byB, y)), b!.shape)];
    },
  },
  maximum: { infer: elementwise, gradient: (g, { operands: [a, b] }) => gradientOfExtremum(g, a!, b!, less(b!, a!)) },
  minimum: { infer: elementwise, gradient: (g, { operands: [a, b] }) => gradientOfExtremum(g, a!, b!, less(a!, b!)) },
  equal: { infer: comparison },
  less: { infer: comparison },
  and: { infer: comparison },
  or: { infer: comparison },
  select: {
    infer: ([condition, a, b]) => ({
      dtype: elementwise([a!, b!]).dtype,
      shape: broadcastShapes(condition!.shape, broadcastShapes(a!.shape, b!.shape)),
    }),
    gradient: (g, { operands: [condition, a, b] }) => [null, ...gradientOfChoice(g, a!, b!, condition!)],
  },

  sum: {
    infer: ([x], { axes }) => ({ dtype: x!.dtype, shape: reduceShape(x!.shape, axes) }),
    gradient: (g, { operands: [x] }) => [broadcast(g, x!.shape)],
  },
  max: {
    infer: ([x], { axes }) => ({ dtype: x!.dtype, shape: reduceShape(x!.shape, axes) }),
    gradient: (g, y) => {
      const isLargest = cast(equal(y.operands[0]!, y), y.dtype);
      return [multiply(isLargest, divide(g, sum(isLargest, y.attributes.axes)))];
    },
  },

  reshape: {
    infer: ([x], { shape }) => {
      if (elementCount(x!.shape) !== elementCount(shape)) fail(`cannot reshape ${show(x!.shape)} to ${show(shape)}`);
      return { dtype: x!.dtype, shape };
    },
    gradient: (g, { operands: [x] }) => [reshape(g, x!.shape)],
  },
  broadcast: {
    infer: ([x], { shape }) => {
      if (!sameShape(broadcastShapes(x!.shape, shape), shape))
        fail(`cannot broadcast ${show(x!.shape)} to ${show(shape)}`);
      return { dtype: x!.dtype, shape };
    },
    gradient: (g, { operands: [x] }) => [sumTo(g, x!.shape)],
  },
  transpose: {
    infer: ([x], { permutation }) => {
      if (
        [...permutation].sort((a, b) => a - b).some((axis, index) => axis !== index) ||
        permutation.length !== x!.shape.length
      )
        fail(`${show(permutation)} is no permutation of the axes of ${show(x!.shape)}`);
      return { dtype: x!.dtype, shape: permutation.map((axis) => x!.shape[axis]!) };
    },
    gradient: (g, { attributes: { permutation } }) => [
      transpose(
        g,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ), // the inverse permutation
    ],
  },
  concat: {
    infer: (operands, { axis }) => ({
      dtype: commonType(operands),
      shape: concatShape(
        operands.map((x) => x.shape),
        axis,
      ),
    }),
    gradient: (g, { operands, attributes: { axis } }) => {
      let start = 0;
      return operands.map(({ shape }) => {
        const size = shape[axis]!;
        start += size;
        return slice(g, axis, start - size, size);
      });
    },
  },
  slice: {
    infer: ([x], { axis, start, size }) => {
      checkAxis(x!.shape, axis);
      if (start < 0 || size < 1 || start + size > x!.shape[axis]!)
        fail(`slice ${start} … ${start + size} of axis ${axis} of ${show(x!.shape)}`);
      return { dtype: x!.dtype, shape: withSize(x!.shape, axis, size) };
    },
    gradient: (g, { operands: [x], attributes: { axis, start, size } }) => [
      pad(g, axis, start, x!.shape[axis]! - start - size),
    ],
  },
  pad: {
    infer: ([x], { axis, before, after }) => ({
      dtype: x!.dtype,
      shape: withSize(x!.shape, axis, before + (x!.shape[axis] ?? 0) + after),
    }),
    gradient: (g, { operands: [x], attributes: { axis, before } }) => [slice(g, axis, before, x!.shape[axis]!)],
  },

  matmul: {
    infer: ([a, b], { transposeA, transposeB }) => ({
      dtype: commonType([a!, b!]),
      shape: matmulShape(a!.shape, b!.shape, transposeA, transposeB),
    }),
    gradient: (g, { operands: [a, b], attributes: { transposeA: tA, transposeB: tB, scale } }) => [
      sumTo(
        tA ? matmul(b!, g, { transposeA: tB, transposeB: true, scale }) : matmul(g, b!, { transposeB: !tB, scale }),
        a!.shape,
      ),
      sumTo(
        tB ? matmul(g, a!, { transposeA: true, transposeB: tA, scale }) : matmul(a!, g, { transposeA: !tA, scale }),
        b!.shape,
      ),
    ],
  },
  gather: {
    infer: ([table, indices]) => ({
      dtype: table!.dtype,
      shape: [...integers(indices!).shape, ...table!.shape.slice(1)],
    }),
    gradient: (g, { operands: [table, indices] }) => [scatterAdd(indices!, g, table!.shape[0]!), null],
  },
  scatterAdd: {
    infer: ([indices, updates], { rows }) => {
      const row = updates!.shape.slice(integers(indices!).shape.length);
      if (!sameShape(updates!.shape, [...indices!.shape, ...row]))
        fail(`updates ${show(updates!.shape)} do not begin with the shape of the indices ${show(indices!.shape)}`);
      return { dtype: updates!.dtype, shape: [rows, ...row] };
    },
    gradient: (g, { operands: [indices] }) => [null, gather(g, indices!)],
  },
  pick: {
    infer: ([x, indices]) => {
      if (!sameShape(x!.shape.slice(0, -1), integers(indices!).shape))
        fail(`cannot pick ${show(indices!.shape)} from the last axis of ${show(x!.shape)}`);
      return { dtype: x!.dtype, shape: indices!.shape };
    },
    gradient: (g, { operands: [x, indices] }) => [multiply(expandLast(g), oneHot(indices!, x!.shape.at(-1)!)), null],
  },

  updateSlice: {
    infer: ([target, value], { axis }) => {
      if (
        !sameShape(withSize(target!.shape, axis, 0), withSize(value!.shape, axis, 0)) ||
        value!.shape[axis]! > target!.shape[axis]!
      )
        fail(`cannot write ${show(value!.shape)} into ${show(target!.shape)} along axis ${axis}`);
      return { dtype: commonType([target!, value!]), shape: target!.shape };
    },
  },
  after: { infer: like, gradient: (g) => [g, null] },
};

// ------------------------------------------------------------------------------------------------- builders

function build<Op extends PrimitiveName>(
  op: Op,
  operands: readonly Node[],
  attributes: OperationAttributes[Op],
): Node<Op> {
  return makeNode(op, operands, attributes, operations[op].infer(operands, attributes));
}

/** A tensor given anew at every run. */
export const input = (name: string, dtype: DType, shape: Shape) =>
  build('input', [], { name, dtype, shape: [...shape] });
/** A tensor that the session keeps between runs. */
export const state = (name: string, dtype: DType, shape: Shape) =>
  build('state', [], { name, dtype, shape: [...shape] });
export const constant = (value: HostTensor) => build('constant', [], { value });
/** A constant of type f32 and shape []. */
export const scalar = (value: number) => constant(hostTensor('f32', [value], []));
/** A constant of type i32 and shape []. */
export const integer = (value: number) => constant(hostTensor('i32', [value], []));
export const iota = (shape: Shape, axis: number) => build('iota', [], { shape: [...shape], axis });

export const negate = (x: Node) => build('negate', [x], {});
export const exp = (x: Node) => build('exp', [x], {});
export const log = (x: Node) => build('log', [x], {});
export const sqrt = (x: Node) => build('sqrt', [x], {});
export const reciprocal = (x: Node) => build('reciprocal', [x], {});
export const sigmoid = (x: Node) => build('sigmoid', [x], {});
export const cos = (x: Node) => build('cos', [x], {});
export const sin = (x: Node) => build('sin', [x], {});
export const not = (x: Node) => build('not', [x], {});
/** `bool` becomes 0 and 1; numbers become `bool` by x ≠ 0. */
export const cast = (x: Node, dtype: DType) => (x.dtype === dtype ? x : build('cast', [x], { dtype }));

export const add = (a: Node, b: Node) => build('add', [a, b], {});
export const subtract = (a: Node, b: Node) => build('subtract', [a, b], {});
export const multiply = (a: Node, b: Node) => build('multiply', [a, b], {});
export const divide = (a: Node, b: Node) => build('divide', [a, b], {});
export const maximum = (a: Node, b: Node) => build('maximum', [a, b], {});
export const minimum = (a: Node, b: Node) => build('minimum', [a, b], {});
export const equal = (a: Node, b: Node) => build('equal', [a, b], {});
export const less = (a: Node, b: Node) => build('less', [a, b], {});
export const and = (a: Node, b: Node) => build('and', [a, b], {});
export const or = (a: Node, b: Node) => build('or', [a, b], {});
export const select = (condition: Node, whenTrue: Node, whenFalse: Node) =>
  build('select', [condition, whenTrue, whenFalse], {});

/** Sum over axes (all of them by default), which stay with size one. */
export const sum = (x: Node, axes: number[] = x.shape.map((_, axis) => axis)) => build('sum', [x], { axes });
export const max = (x: Node, axes: number[] = x.shape.map((_, axis) => axis)) => build('max', [x], { axes });
export const mean = (x: Node, axes: number[] = x.shape.map((_, axis) => axis)) =>
  multiply(sum(x, axes), scalar(1 / elementCount(axes.map((axis) => x.shape[axis]!))));

export const reshape = (x: Node, shape: Shape): Node =>
  sameShape(x.shape, shape) ? x : build('reshape', [x], { shape: [...shape] });
export const broadcast = (x: Node, shape: Shape): Node =>
  sameShape(x.shape, shape) ? x : build('broadcast', [x], { shape: [...shape] });
export const transpose = (x: Node, permutation: number[]) => build('transpose', [x], { permutation });
export const concat = (parts: readonly Node[], axis: number): Node =>
  parts.length === 1 ? parts[0]! : build('concat', parts, { axis });
export const slice = (x: Node, axis: number, start: number, size: number): Node =>
  start === 0 && size === x.shape[axis] ? x : build('slice', [x], { axis, start, size });
export const pad = (x: Node, axis: number, before: number, after: number): Node =>
  before === 0 && after === 0 ? x : build('pad', [x], { axis, before, after });

/** scale · op(a) · op(b), where op transposes the last two axes when asked. */
export const matmul = (a: Node, b: Node, { transposeA = false, transposeB = false, scale = 1 } = {}) =>
  build('matmul', [a, b], { transposeA, transposeB, scale });
export const gather = (table: Node, indices: Node) => build('gather', [table, indices], {});
export const scatterAdd = (indices: Node, updates: Node, rows: number) =>
  build('scatterAdd', [indices, updates], { rows });
export const pick = (x: Node, indices: Node) => build('pick', [x, indices], {});
export const updateSlice = (target: Node, value: Node, start: Node, axis: number) =>
  build('updateSlice', [target, value, start], { axis });
export const after = (x: Node, dependency: Node) => build('after', [x, dependency], {});

// ----------------------------------------------------------------------------------- shorthands of several

/** x with a last axis of size one. */
export const expandLast = (x: Node) => reshape(x, [...x.shape, 1]);

/** 1.0 at each index of a new last axis of size `depth`. */
export const oneHot = (indices: Node, depth: number) => cast(equal(expandLast(indices), iota([depth], 0)), 'f32');

/** Sums a broadcast tensor back to the shape it was stretched from. */
export function sumTo(x: Node, shape: Shape): Node {
  const axes = stretchedAxes(shape, x.shape);
  return reshape(axes.length === 0 ? x : sum(x, axes), shape);
}

export const isFloat = (x: Node) => x.dtype === 'f32' || x.dtype === 'f16' || x.dtype === 'bf16';

function commonType(operands: readonly Node[]): DType {
  const types = [...new Set(operands.map(({ dtype }) => dtype))];
  return types.length === 1 ? types[0]! : fail(`operands of types ${types.join(' and ')}`);
}

const integers = (x: Node) => (x.dtype === 'i32' ? x : fail(`indices must be i32, not ${x.dtype}`));

/** The cotangent goes to `a` where `choosesA`, else to `b`. */
function gradientOfChoice(g: Node, a: Node, b: Node, choosesA: Node): [Node, Node] {
  const zero = cast(scalar(0), g.dtype);
  return [sumTo(select(choosesA, g, zero), a.shape), sumTo(select(choosesA, zero, g), b.shape)];
}

/** The cotangent goes to `a` where it alone is chosen, to `b` where it alone is, and is shared at ties. */
function gradientOfExtremum(g: Node, a: Node, b: Node, choosesA: Node): [Node, Node] {
  const shareOfA = select(equal(a, b), scalar(0.5), cast(choosesA, 'f32'));
  const toA = cast(shareOfA, g.dtype);
  return [sumTo(multiply(g, toA), a.shape), sumTo(multiply(g, subtract(cast(scalar(1), g.dtype), toA)), b.shape)];
}

/** The value of a constant scalar, if the node is one. */
export function scalarValue(node: Node): number | undefined {
  if (!isOperation(node, 'constant') || node.shape.length > 0) return undefined;
  const { dtype, bytes } = node.attributes.value;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return dtype === 'f32' ? view.getFloat32(0, true) : dtype === 'i32' ? view.getInt32(0, true) : undefined;
}
