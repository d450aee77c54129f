import type { Tensor } from '@tensorflow/tfjs-core';
import {
  type DType,
  elementCount,
  type HostTensor,
  int32Values,
  type PrimitiveName,
  type Shape,
  sameShape,
} from '../../src/graph/index.js';
import type { OperationAttributes } from '../../src/graph/node.js';
import { BackendError } from '../../src/support/errors.js';
import type { TensorFlow } from './tensorflow.js';

/** Where a kernel runs: what it is given, and what it is to give. */
export interface KernelSite<Op extends OperationName> {
  tf: TensorFlow;
  operands: readonly Tensor[];
  attributes: OperationAttributes[Op];
  dtype: DType;
  shape: Shape;
}

/** Composites that TensorFlow.js has a kernel for; others are expanded into primitives. */
export type LoweredComposite = 'softmax';
type Declared = 'input' | 'state' | 'constant';
type OperationName = Exclude<PrimitiveName, Declared> | LoweredComposite;

/** Gives a tensor of its own, which may share its memory with an operand; frees what it makes besides. */
export type Kernel<Op extends OperationName> = (site: KernelSite<Op>) => Tensor;

const TENSORFLOW_TYPE = { f32: 'float32', i32: 'int32', bool: 'bool' } as const;

type Unary = 'neg' | 'exp' | 'log' | 'sqrt' | 'reciprocal' | 'sigmoid' | 'cos' | 'sin' | 'logicalNot';
type Binary = 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum' | 'equal' | 'less' | 'logicalAnd' | 'logicalOr';

const unary =
  (name: Unary) =>
  ({ tf, operands: [x] }: { tf: TensorFlow; operands: readonly Tensor[] }): Tensor =>
    tf[name](x!);

const binary =
  (name: Binary) =>
  ({ tf, operands: [a, b] }: { tf: TensorFlow; operands: readonly Tensor[] }): Tensor =>
    tf[name](a!, b!);

const kernels: { readonly [Op in OperationName]: Kernel<Op> } = {
  iota: ({ tf, shape, attributes: { axis } }) => {
    const sizes = shape.map((size, at) => (at === axis ? size : 1));
    const along = tf.reshape(tf.range(0, shape[axis]!, 1, 'int32'), sizes);
    return stretch(tf, along, shape);
  },

  negate: unary('neg'),
  exp: unary('exp'),
  log: unary('log'),
  sqrt: unary('sqrt'),
  reciprocal: unary('reciprocal'),
  sigmoid: unary('sigmoid'),
  cos: unary('cos'),
  sin: unary('sin'),
  not: unary('logicalNot'),
  cast: ({ tf, operands: [x], dtype }) => tf.cast(x!, tensorflowType(dtype)),

  add: binary('add'),
  subtract: binary('sub'),
  multiply: binary('mul'),
  divide: binary('div'),
  maximum: binary('maximum'),
  minimum: binary('minimum'),
  equal: binary('equal'),
  less: binary('less'),
  and: binary('logicalAnd'),
  or: binary('logicalOr'),
  select: ({ tf, operands, shape }) => {
    const [condition, a, b] = operands.map((operand) => stretch(tf, operand, shape));
    return tf.where(condition!, a!, b!);
  },

  sum: ({ tf, operands: [x], attributes: { axes } }) => (axes.length === 0 ? tf.clone(x!) : tf.sum(x!, axes, true)),
  max: ({ tf, operands: [x], attributes: { axes } }) => (axes.length === 0 ? tf.clone(x!) : tf.max(x!, axes, true)),

  reshape: ({ tf, operands: [x], shape }) => tf.reshape(x!, [...shape]),
  broadcast: ({ tf, operands: [x], shape }) => stretch(tf, x!, shape),
  transpose: ({ tf, operands: [x], attributes: { permutation } }) => tf.transpose(x!, permutation),
  concat: ({ tf, operands, attributes: { axis } }) => tf.concat([...operands], axis),
  slice: ({ tf, operands: [x], shape, attributes: { axis, start } }) =>
    tf.slice(x!, begin(shape, axis, start), [...shape]),
  pad: ({ tf, operands: [x], attributes: { axis, before, after } }) =>
    tf.pad(
      x!,
      x!.shape.map((_, at): [number, number] => (at === axis ? [before, after] : [0, 0])),
    ),

  matmul: ({ tf, operands, shape, attributes: { transposeA, transposeB, scale } }) => {
    const batch = shape.slice(0, -2);
    const [a, b] = operands.map((x) => stretch(tf, x, [...batch, ...x.shape.slice(-2)]));
    const product = tf.matMul(a!, b!, transposeA, transposeB);
    return scale === 1 ? product : tf.mul(product, tf.scalar(scale));
  },
  gather: ({ tf, operands: [table, indices] }) => tf.gather(table!, indices as Tensor, 0),
  scatterAdd: ({ tf, operands: [indices, updates], shape, attributes: { rows } }) => {
    const count = elementCount(indices!.shape);
    const width = elementCount(shape.slice(1));
    const sums = tf.scatterND(tf.reshape(indices!, [count, 1]), tf.reshape(updates!, [count, width]), [rows, width]);
    return tf.reshape(sums, [...shape]);
  },
  pick: ({ tf, operands: [x, indices], shape }) => {
    const size = x!.shape.at(-1)!;
    const count = elementCount(shape);
    const rows = tf.range(0, count * size, size, 'int32');
    return tf.reshape(tf.gather(tf.reshape(x!, [-1]), tf.add(rows, tf.reshape(indices!, [count]))), [...shape]);
  },

  updateSlice: ({ tf, operands: [target, value, start], shape, attributes: { axis } }) => {
    const first = start!.dataSync()[0]!;
    const end = first + value!.shape[axis]!;
    if (first < 0 || end > shape[axis]!)
      throw new BackendError('failed', `elements ${first} … ${end - 1} are outside of axis ${axis} of [${shape}]`);
    const part = (from: number, to: number) =>
      tf.slice(
        target!,
        begin(shape, axis, from),
        shape.map((size, at) => (at === axis ? to - from : size)),
      );
    const parts = [
      ...(first > 0 ? [part(0, first)] : []),
      value!,
      ...(end < shape[axis]! ? [part(end, shape[axis]!)] : []),
    ];
    return tf.concat(parts, axis);
  },
  // Kernels run one after the other anyway, in the order of the program.
  after: ({ tf, operands: [x] }) => tf.clone(x!),

  softmax: ({ tf, operands: [x] }) => tf.softmax(x!),
};

/** The kernel of an operation that is neither an input, state nor a constant, nor a composite that is to be expanded. */
export function kernelOf(op: string): Kernel<OperationName> {
  return kernels[op as OperationName] as Kernel<OperationName>;
}

/** @throws BackendError for types that TensorFlow.js does not compute in */
function tensorflowType(dtype: DType): 'float32' | 'int32' | 'bool' {
  if (dtype in TENSORFLOW_TYPE) return TENSORFLOW_TYPE[dtype as keyof typeof TENSORFLOW_TYPE];
  throw new BackendError('unsupported-operation', `TensorFlow.js has no tensors of ${dtype}`, {
    hint: 'Compute in f32, or choose another backend; `pc backends` lists them.',
  });
}

export function toTensor(tf: TensorFlow, { dtype, shape, bytes }: HostTensor): Tensor {
  const type = tensorflowType(dtype);
  if (dtype === 'bool') return tf.tensor(bytes.slice(), [...shape], type);
  const words = int32Values({ dtype: 'i32', shape, bytes }).slice();
  return tf.tensor(dtype === 'i32' ? words : new Float32Array(words.buffer), [...shape], type);
}

/** The values of a tensor, once they are computed. */
export async function fromTensor(tensor: Tensor, dtype: DType): Promise<HostTensor> {
  const data = await tensor.data();
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  return { dtype, shape: [...tensor.shape], bytes };
}

/** Repeats a tensor along axes of one element, and new ones in front. */
function stretch(tf: TensorFlow, x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? tf.clone(x) : tf.broadcastTo(x, [...shape]);
}

const begin = (shape: Shape, axis: number, start: number): number[] => shape.map((_, at) => (at === axis ? start : 0));
