import {
  BYTES_PER_ELEMENT,
  type CompositeName,
  type DType,
  elementCount,
  isCompositeName,
  type OperationName,
  type PrimitiveName,
  type ProgramNode,
  type Shape,
} from '../../src/graph/index.js';
import { indexTuples, ONNX_TYPE, type OnnxWriter, range } from './onnx-writer.js';

/**
 * How each operation of a program becomes ONNX operators. The table of primitives is complete by its type; composites
 * that are missing from theirs are expanded into primitives before lowering.
 */
export interface LoweringSite {
  writer: OnnxWriter;
  /** Names of the operands' values, their shapes and types. */
  operands: readonly string[];
  shapes: readonly Shape[];
  dtypes: readonly DType[];
  /** Prefix of operator names, for profiles. */
  label: string;
}

export type Lowering<Op extends OperationName> = (node: ProgramNode<Op>, site: LoweringSite) => string;

/** An operator that takes the operands as they are. */
const operator =
  (name: string) =>
  (_: unknown, { writer, operands, label }: LoweringSite): string =>
    writer.add(name, operands, {}, label);

/** Rows up to which a sum into rows is a product with a one-hot matrix. */
export const LARGEST_ONE_HOT = 1024;

type Declared = 'input' | 'state';

const primitives: { readonly [Op in Exclude<PrimitiveName, Declared>]: Lowering<Op> } = {
  constant: ({ attributes: { value } }, { writer }) => writer.constant(value),
  iota: ({ attributes: { shape, axis } }, { writer, label }) => {
    const along = writer.constant({
      ...range(shape[axis]!),
      shape: shape.map((size, index) => (index === axis ? size : 1)),
    });
    return elementCount(shape) === shape[axis]
      ? along
      : writer.add('Expand', [along, writer.integers(shape)], {}, label);
  },

  negate: operator('Neg'),
  exp: operator('Exp'),
  log: operator('Log'),
  sqrt: operator('Sqrt'),
  reciprocal: operator('Reciprocal'),
  sigmoid: operator('Sigmoid'),
  cos: operator('Cos'),
  sin: operator('Sin'),
  not: operator('Not'),
  cast: ({ dtype }, { writer, operands, label }) => writer.add('Cast', operands, { to: ONNX_TYPE[dtype] }, label),

  add: operator('Add'),
  subtract: operator('Sub'),
  multiply: operator('Mul'),
  divide: operator('Div'),
  maximum: operator('Max'),
  minimum: operator('Min'),
  equal: operator('Equal'),
  less: operator('Less'),
  and: operator('And'),
  or: operator('Or'),
  select: operator('Where'),

  sum: ({ attributes: { axes } }, { writer, operands: [x], label }) =>
    axes.length === 0 ? x! : writer.add('ReduceSum', [x!, writer.integers(axes)], { keepdims: 1 }, label),
  max: ({ attributes: { axes } }, { writer, operands: [x], label }) =>
    axes.length === 0 ? x! : writer.add('ReduceMax', [x!], { axes, keepdims: 1 }, label),

  reshape: ({ shape }, { writer, operands: [x], label }) =>
    writer.add('Reshape', [x!, writer.integers(shape)], {}, label),
  broadcast: ({ shape }, { writer, operands: [x], label }) =>
    writer.add('Expand', [x!, writer.integers(shape)], {}, label),
  transpose: ({ attributes: { permutation } }, { writer, operands, label }) =>
    writer.add('Transpose', operands, { perm: permutation }, label),
  concat: ({ attributes: { axis } }, { writer, operands, label }) => writer.add('Concat', operands, { axis }, label),
  slice: ({ attributes: { axis, start, size } }, { writer, operands: [x], label }) =>
    writer.add('Slice', [x!, ...[start, start + size, axis].map((value) => writer.integers([value]))], {}, label),
  pad: ({ shape, attributes: { axis, before, after } }, { writer, operands: [x], label }) => {
    const along = (amount: number) => shape.map((_, index) => (index === axis ? amount : 0));
    return writer.add('Pad', [x!, writer.integers([...along(before), ...along(after)])], {}, label);
  },

  matmul: ({ attributes: { transposeA, transposeB, scale } }, { writer, operands, shapes, label }) => {
    const attributes = { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: scale } };
    return shapes.every((shape) => shape.length === 2)
      ? writer.add('Gemm', operands, attributes, label)
      : writer.addMicrosoft('FusedMatMul', operands, attributes, label);
  },
  gather: (_, { writer, operands, label }) => writer.add('Gather', operands, { axis: 0 }, label),
  // Not ScatterND, which adds from several threads at once and loses updates (1.30.0). A one-hot product is fast where
  // there are few rows; ScatterElements adds in order, on one thread.
  scatterAdd: ({ dtype, shape, attributes: { rows } }, { writer, operands: [indices, updates], shapes, label }) => {
    const count = elementCount(shapes[0]!);
    const width = elementCount(shape.slice(1));
    const flat = writer.add('Reshape', [updates!, writer.integers([count, width])], {}, label);
    const column = writer.add('Reshape', [indices!, writer.integers([count, 1])], {}, label);
    const restore = (sums: string) => writer.add('Reshape', [sums, writer.integers(shape)], {}, label);
    if (dtype === 'f32' && rows <= LARGEST_ONE_HOT) {
      const chosen = writer.add('Equal', [column, writer.constant(range(rows))], {}, label);
      const oneHot = writer.add('Cast', [chosen], { to: ONNX_TYPE[dtype] }, label);
      return restore(writer.add('Gemm', [oneHot, flat], { transA: 1 }, label));
    }
    const zero = writer.constant({ dtype, shape: [], bytes: new Uint8Array(BYTES_PER_ELEMENT[dtype]) });
    const zeros = writer.add('Expand', [zero, writer.integers([rows, width])], {}, label);
    const everywhere = writer.add('Expand', [column, writer.integers([count, width])], {}, label);
    return restore(writer.add('ScatterElements', [zeros, everywhere, flat], { axis: 0, reduction: 'add' }, label));
  },
  pick: ({ shape }, { writer, operands: [x, indices], label }) => {
    const column = writer.add('Reshape', [indices!, writer.integers([...shape, 1])], {}, label);
    const picked = writer.add('GatherElements', [x!, column], { axis: shape.length }, label);
    return writer.add('Reshape', [picked, writer.integers(shape)], {}, label);
  },

  // Index tuples of the slice within the axes up to `axis`, moved by `start`. Given one buffer as target and result,
  // the operator writes the slice alone.
  updateSlice: ({ attributes: { axis } }, { writer, operands: [target, value, start], shapes, label }) => {
    const leading = shapes[1]!.slice(0, axis + 1);
    const tuples = writer.integers(indexTuples(leading), [...leading, axis + 1]);
    const moved = writer.add('Cast', [start!], { to: ONNX_TYPE.i64 }, label);
    const unit = writer.integers(Array.from({ length: axis + 1 }, (_, index) => Number(index === axis)));
    const shift = writer.add('Mul', [unit, moved], {}, label);
    return writer.add('ScatterND', [target!, writer.add('Add', [tuples, shift], {}, label), value!], {}, label);
  },

  // A false data dependency: an axis is inserted in front, at the position zero times an element of the dependency.
  // The operator hands its buffer on, so nothing is copied, and the runtime fuses nothing across it (it does merge a
  // Reshape whose shape is computed with its neighbours, and fails: 1.30.0).
  after: ({ shape }, { writer, operands: [x, dependency], label }) => {
    const flat = writer.add('Reshape', [dependency!, writer.integers([-1])], {}, label);
    const first = writer.add('Slice', [flat, ...[0, 1, 0].map((value) => writer.integers([value]))], {}, label);
    const truth = writer.add('Cast', [first], { to: ONNX_TYPE.bool }, label);
    const zero = writer.constant({ dtype: 'i32', shape: [1], bytes: new Uint8Array(4) });
    const axis = writer.add('Mul', [writer.add('Cast', [truth], { to: ONNX_TYPE.i32 }, label), zero], {}, label);
    const expanded = writer.addMicrosoft(
      'ExpandDims',
      [x!, writer.add('Reshape', [axis, writer.integers([])], {}, label)],
      {},
      label,
    );
    return writer.add('Reshape', [expanded, writer.integers(shape)], {}, label);
  },
};

/** A composite for which the runtime has a kernel, where the shapes are such that the kernel takes them. */
interface CompositeLowering<Op extends CompositeName> {
  accepts?(shapes: readonly Shape[]): boolean;
  lower: Lowering<Op>;
}

const composites: { readonly [Op in CompositeName]?: CompositeLowering<Op> } = {
  softmax: {
    lower: (_, { writer, operands, label }) => writer.add('Softmax', operands, { axis: -1 }, label),
  },
  // The kernel wants its angles as rows of a cache that position ids point into: here every token has its own row.
  rope: {
    accepts: ([x, cosines]) =>
      x!.length === 4 &&
      cosines!.length === 4 &&
      cosines![1] === 1 &&
      cosines![2] === x![2] &&
      (cosines![0] === 1 || cosines![0] === x![0]),
    lower: (_, { writer, operands: [x, cosines, sines], shapes, label }) => {
      const [rows, , length] = shapes[0] as [number, number, number, number];
      const [tables, , , half] = shapes[1] as [number, number, number, number];
      const cache = (table: string) =>
        writer.add('Reshape', [table, writer.integers([tables * length, half])], {}, label);
      const row = (index: number) => (tables === 1 ? 0 : index) * length;
      const positions = Array.from({ length: rows * length }, (_, i) => row(Math.floor(i / length)) + (i % length));
      const inputs = [x!, writer.integers(positions, [rows, length]), cache(cosines!), cache(sines!)];
      return writer.addMicrosoft('RotaryEmbedding', inputs, { interleaved: 0 }, label);
    },
  },
  // log Σ exp x = max x − log max softmax(x): the softmax is needed for the gradient too, and ReduceLogSumExp is slow.
  // The largest probability is at least 1/V, so its logarithm is exact to rounding.
  crossEntropy: {
    lower: (_, { writer, operands: [logits, labels], shapes, label }) => {
      const axis = shapes[0]!.length - 1;
      const largest = (x: string) => writer.add('ReduceMax', [x], { axes: [axis], keepdims: 0 }, label);
      const probability = largest(writer.add('Softmax', [logits!], { axis: -1 }, label));
      const normaliser = writer.add('Sub', [largest(logits!), writer.add('Log', [probability], {}, label)], {}, label);
      const column = writer.add('Reshape', [labels!, writer.integers([...shapes[1]!, 1])], {}, label);
      const picked = writer.add('GatherElements', [logits!, column], { axis }, label);
      const ofLabels = writer.add('Reshape', [picked, writer.integers(shapes[1]!)], {}, label);
      return writer.add('Sub', [normaliser, ofLabels], {}, label);
    },
  },
  // softmax ⊙ g with g taken off at the labels, which spares a one-hot tensor of the size of the logits.
  crossEntropyGradient: {
    lower: (_, { writer, operands: [logits, labels, cotangent], shapes, label }) => {
      const axis = shapes[0]!.length - 1;
      const column = writer.integers([...shapes[1]!, 1]);
      const g = writer.add('Reshape', [cotangent!, column], {}, label);
      const scaled = writer.add('Mul', [writer.add('Softmax', [logits!], { axis: -1 }, label), g], {}, label);
      const indices = writer.add('Reshape', [labels!, column], {}, label);
      const minus = writer.add('Neg', [g], {}, label);
      return writer.add('ScatterElements', [scaled, indices, minus], { axis, reduction: 'add' }, label);
    },
  },
  rmsNorm: {
    lower: ({ attributes: { epsilon } }, { writer, operands, label }) => {
      const attributes = { axis: -1, epsilon: { float: epsilon }, stash_type: 1 };
      return writer.add('SimplifiedLayerNormalization', operands, attributes, label);
    },
  },
};

/** What a device's kernels make of a program. */
export interface Lowerings {
  /** The rule for an operation that is neither an input nor state, nor a composite that is to be expanded. */
  of(op: OperationName): Lowering<OperationName>;
  /** Whether the runtime has a kernel for this composite; others are expanded into primitives. */
  lowersComposite(name: CompositeName, shapes: readonly Shape[]): boolean;
}

export const cpuLowerings: Lowerings = {
  of: (op) => {
    const rule = isCompositeName(op) ? composites[op]?.lower : primitives[op as keyof typeof primitives];
    return rule as Lowering<OperationName>;
  },
  lowersComposite: (name, shapes) => {
    const lowering = composites[name];
    return lowering !== undefined && (lowering.accepts?.(shapes) ?? true);
  },
};
