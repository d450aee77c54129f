import * as g from '../../src/graph/index.js';
import type { Node, OperationName } from '../../src/graph/node.js';
import type { Values } from '../../src/graph/reference-kernels.js';

/** A function of some f32 arguments, given with the arguments at which its gradient is measured. */
export interface Case {
  arguments: Values[];
  build(x: Node[]): Node;
}

export const tensor = (shape: number[], at: (i: number) => number = (i) => Math.sin(1.7 * i + 0.3)): Values => ({
  dtype: 'f32',
  shape,
  data: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => at(i)),
});
const positive = (shape: number[]) => tensor(shape, (i) => 0.5 + ((i * 7) % 5) / 3);
const of = (build: (...x: Node[]) => Node, ...values: Values[]): Case => ({
  arguments: values,
  build: (x) => build(...x),
});
const indices = (values: number[], shape = [values.length]) => g.constant(g.hostTensor('i32', values, shape));

/** Every operation appears here: with a function to differentiate, or as one through which no gradient flows. */
export const CASES: Record<OperationName, Case[] | 'no gradient'> = {
  input: 'no gradient',
  state: 'no gradient',
  constant: 'no gradient',
  iota: 'no gradient',
  not: 'no gradient',
  equal: 'no gradient',
  less: 'no gradient',
  and: 'no gradient',
  or: 'no gradient',
  updateSlice: 'no gradient',
  crossEntropyGradient: 'no gradient',
  negate: [of(g.negate, tensor([3, 2]))],
  exp: [of(g.exp, tensor([3, 2]))],
  log: [of(g.log, positive([3, 2]))],
  sqrt: [of(g.sqrt, positive([3, 2]))],
  reciprocal: [of(g.reciprocal, positive([3, 2]))],
  sigmoid: [of(g.sigmoid, tensor([3, 2]))],
  cos: [of(g.cos, tensor([3, 2]))],
  sin: [of(g.sin, tensor([3, 2]))],
  cast: [of((x) => g.cast(g.multiply(x, x), 'f32'), tensor([3]))],
  add: [of(g.add, tensor([3, 2]), tensor([2])), of(g.add, tensor([1, 2]), tensor([3, 1]))],
  subtract: [of(g.subtract, tensor([3, 2]), tensor([3, 1])), of(g.subtract, tensor([]), tensor([3]))],
  multiply: [of(g.multiply, tensor([3, 2]), tensor([2])), of((x) => g.multiply(x, x), tensor([4]))],
  divide: [of(g.divide, tensor([3, 2]), positive([3, 1]))],
  maximum: [
    of(
      g.maximum,
      tensor([4]),
      tensor([4], (i) => 0.1 * i - 0.15),
    ),
  ],
  minimum: [
    of(
      g.minimum,
      tensor([2, 4]),
      tensor([4], (i) => 0.1 * i - 0.15),
    ),
  ],
  select: [of((a, b) => g.select(g.less(g.iota([4], 0), g.integer(2)), a, b), tensor([4]), tensor([3, 4]))],
  sum: [of((x) => g.sum(x, [0]), tensor([3, 2])), of((x) => g.sum(x), tensor([3, 2]))],
  max: [of((x) => g.max(x, [1]), tensor([3, 4]))],
  reshape: [of((x) => g.reshape(x, [6]), tensor([3, 2]))],
  broadcast: [of((x) => g.broadcast(x, [4, 3, 2]), tensor([3, 1]))],
  transpose: [of((x) => g.transpose(x, [2, 0, 1]), tensor([2, 3, 4]))],
  concat: [of((a, b) => g.concat([a, b, a], 1), tensor([2, 3]), tensor([2, 1]))],
  slice: [
    of((x) => g.slice(x, 1, 1, 2), tensor([2, 4])),
    of((x) => g.add(g.slice(x, 0, 0, 3), g.slice(x, 0, 1, 3)), tensor([6])),
    of((x) => g.multiply(g.concat([g.slice(x, 0, 4, 1), g.slice(x, 0, 0, 2)], 0), g.slice(x, 0, 2, 3)), tensor([6])),
  ],
  pad: [of((x) => g.pad(x, 0, 2, 1), tensor([2, 3]))],
  matmul: [
    of((a, b) => g.matmul(a, b, { scale: 0.7 }), tensor([2, 3]), tensor([3, 4])),
    of((a, b) => g.matmul(a, b, { transposeA: true }), tensor([3, 2]), tensor([3, 4])),
    of((a, b) => g.matmul(a, b, { transposeB: true, scale: 3 }), tensor([2, 3]), tensor([4, 3])),
    of((a, b) => g.matmul(a, b, { transposeA: true, transposeB: true, scale: 3 }), tensor([3, 2]), tensor([4, 3])),
    of((a, b) => g.matmul(a, b), tensor([5, 1, 2, 3]), tensor([2, 3, 4])),
  ],
  gather: [of((x) => g.gather(x, indices([3, 1, 1, 0], [2, 2])), tensor([4, 3]))],
  scatterAdd: [
    of((x) => g.scatterAdd(indices([3, 1, 1]), x, 4), tensor([3, 2])),
    of((x) => g.scatterAdd(indices([1999, 1, 1, 7], [2, 2]), x, 2000), tensor([2, 2, 3])),
  ],
  pick: [of((x) => g.pick(x, indices([2, 0])), tensor([2, 3]))],
  after: [of((a, b) => g.after(a, b), tensor([3]), tensor([2]))],
  silu: [of(g.silu, tensor([3, 2]))],
  swiglu: [
    of(
      g.swiglu,
      tensor([3, 2]),
      tensor([3, 2], (i) => Math.cos(i)),
    ),
  ],
  softmax: [of(g.softmax, tensor([3, 4]))],
  rmsNorm: [of((x, w) => g.rmsNorm(x, w, 1e-2), tensor([3, 4]), positive([4]))],
  rope: [
    of((x) => g.rope(x, g.cos(angles([3, 2])), g.sin(angles([3, 2]))), tensor([2, 3, 4])),
    of((x) => g.rope(x, g.cos(angles([1, 1, 3, 2])), g.sin(angles([1, 1, 3, 2]))), tensor([2, 2, 3, 4])),
    of((x) => g.rope(x, g.cos(angles([2, 1, 3, 2])), g.sin(angles([2, 1, 3, 2]))), tensor([2, 2, 3, 4])),
  ],
  attention: [
    of((q, k, v) => g.attention(q, k, v, { scale: 0.6 }), tensor([2, 3, 4]), tensor([2, 5, 4]), tensor([2, 5, 2])),
    of(
      (q, k, v, bias) => g.attention(q, k, v, { scale: 0.6, bias }),
      tensor([2, 3, 4]),
      tensor([2, 5, 4]),
      tensor([2, 5, 2]),
      tensor([3, 5]),
    ),
  ],
  linearCrossEntropy: [1, 3, 7, 100].map((chunk) =>
    of(
      (x, head) =>
        g.linearCrossEntropy(
          x,
          head,
          indices([2, 0, 1, 1, 0, 3, 3, 2, 1, 0, 2, 2, 0, 1], [7, 2]),
          pairWeights(),
          chunk,
        ),
      tensor([7, 3]),
      tensor([8, 3]),
    ),
  ),
  crossEntropy: [of((x) => g.crossEntropy(x, indices([2, 0])), tensor([2, 3]))],
};

function angles(shape: number[]): Node {
  return g.constant(g.hostTensor('f32', tensor(shape).data, shape));
}

function pairWeights(): Node {
  return g.constant(g.hostTensor('f32', positive([7, 2]).data, [7, 2]));
}
