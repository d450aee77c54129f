import { type DType, hostTensor, type OperationName, type Shape } from '../../src/graph/index.js';
import { cpuLowerings, type Lowering, type LoweringSite, type Lowerings } from './lowering.js';
import { ONNX_TYPE } from './onnx-writer.js';

/**
 * What is lowered otherwise where WebGPU computes. An operator for which its provider has no kernel is computed on the
 * CPU, and what it reads and writes travels: right, but slow where it happens in every layer. Found by profiles of
 * 1.30.0, which name the provider of every kernel.
 */
const ownRules: { readonly [Op in OperationName]?: Lowering<Op> } = {
  // FusedMatMul has no kernel: transposes and the scale stand on their own.
  matmul: (node, site) => {
    const { shapes, operands } = site;
    if (shapes.every((shape) => shape.length === 2)) return cpuLowerings.of('matmul')(node, site);
    const { transposeA, transposeB, scale } = node.attributes;
    const a = transposeA ? swapLast(operands[0]!, shapes[0]!, site) : operands[0]!;
    const b = transposeB ? swapLast(operands[1]!, shapes[1]!, site) : operands[1]!;
    const product = site.writer.add('MatMul', [a, b], {}, site.label);
    return scale === 1 ? product : new Arithmetic(site, node.dtype).multiply(product, scale);
  },

  // The kernels are as exact as the shading language asks for: to 2⁻¹¹, and only within ±π (WGSL, 15.7.4.1).
  // Angles of positions need more. sin x = 2 sin(x/2) cos(x/2) and cos x = 1 − 2 sin²(x/2), with x/2 within ±π/2.
  sin: ({ dtype }, site) => {
    const exact = new Arithmetic(site, 'f32');
    const half = halfAngle(cast(site.operands[0]!, 'f32', site), exact);
    const product = exact.multiply(polynomial(half, SINE, exact), polynomial(half, COSINE, exact));
    return cast(exact.multiply(exact.multiply(product, half), 2), dtype, site);
  },
  cos: ({ dtype }, site) => {
    const exact = new Arithmetic(site, 'f32');
    const half = halfAngle(cast(site.operands[0]!, 'f32', site), exact);
    const sine = exact.multiply(polynomial(half, SINE, exact), half);
    return cast(exact.add(exact.multiply(exact.multiply(sine, sine), -2), 1), dtype, site);
  },

  // Or has no kernel, And and Not have; Equal has none over booleans, and Slice has one over floats alone.
  or: (_, { writer, operands, label }) => {
    const [a, b] = operands.map((operand) => writer.add('Not', [operand], {}, label));
    return writer.add('Not', [writer.add('And', [a!, b!], {}, label)], {}, label);
  },
  equal: (node, site) => cpuLowerings.of('equal')(node, site.dtypes[0] === 'bool' ? asType('i32', site) : site),
  slice: (node, site) => {
    if (node.dtype === 'bool') return cast(cpuLowerings.of('slice')(node, asType('f32', site)), 'bool', site);
    if (node.dtype !== 'i32') return cpuLowerings.of('slice')(node, site);
    const { axis, start, size } = node.attributes;
    const indices = hostTensor(
      'i32',
      Array.from({ length: size }, (_, index) => start + index),
    );
    return site.writer.add('Gather', [site.operands[0]!, site.writer.constant(indices)], { axis }, site.label);
  },

  // A false data dependency, as ExpandDims has no kernel: zero times an element of the dependency is added. A boolean
  // in between makes it zero whatever the element is.
  after: ({ dtype }, site) => {
    const { writer, operands, label } = site;
    const type = dtype === 'bool' ? 'i32' : dtype;
    const arithmetic = new Arithmetic(site, type);
    const flat = writer.add('Reshape', [operands[1]!, writer.integers([-1])], {}, label);
    const first = writer.add('Slice', [flat, ...[0, 1, 0].map((value) => writer.integers([value]))], {}, label);
    const truth = cast(cast(writer.add('Reshape', [first, writer.integers([])], {}, label), 'bool', site), type, site);
    return cast(arithmetic.add(cast(operands[0]!, type, site), arithmetic.multiply(truth, 0)), dtype, site);
  },
};

export const webgpuLowerings: Lowerings = {
  of: (op) => (ownRules[op] as Lowering<OperationName> | undefined) ?? cpuLowerings.of(op),
  lowersComposite: cpuLowerings.lowersComposite,
};

/** Operators between values of one type, and numbers. */
class Arithmetic {
  constructor(
    private readonly site: LoweringSite,
    private readonly dtype: DType,
  ) {}

  add(a: string, b: string | number): string {
    return this.binary('Add', a, b);
  }

  multiply(a: string, b: string | number): string {
    return this.binary('Mul', a, b);
  }

  /** The nearest integer. */
  round(x: string): string {
    return this.site.writer.add('Floor', [this.add(x, 0.5)], {}, this.site.label);
  }

  private binary(operator: string, a: string, b: string | number): string {
    return this.site.writer.add(operator, [a, typeof b === 'number' ? this.number(b) : b], {}, this.site.label);
  }

  private number(value: number): string {
    const type = this.dtype === 'i32' ? 'i32' : 'f32';
    const constant = this.site.writer.constant(hostTensor(type, [value], []));
    return type === this.dtype ? constant : cast(constant, this.dtype, this.site);
  }
}

/** 2π in parts of few bits, so that their products with whole numbers up to 2¹¹ are exact in float32 (Cody & Waite). */
const TURN_HIGH = 201 / 2 ** 5;
const TURN_MIDDLE = Math.floor((2 * Math.PI - TURN_HIGH) * 2 ** 22) / 2 ** 22;
const TURN = [TURN_HIGH, TURN_MIDDLE, 2 * Math.PI - TURN_HIGH - TURN_MIDDLE];

/** Taylor series in x²: of sin x / x up to x¹⁰, and of cos x up to x¹². Within ±π/2 they are exact to 6e-8. */
const SINE = [1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362_880, -1 / 39_916_800];
const COSINE = [1, -1 / 2, 1 / 24, -1 / 720, 1 / 40_320, -1 / 3_628_800, 1 / 479_001_600];

/** x/2 with whole turns of x taken off: within ±π/2. */
function halfAngle(x: string, arithmetic: Arithmetic): string {
  const turns = arithmetic.round(arithmetic.multiply(x, 1 / (2 * Math.PI)));
  const rest = TURN.reduce((angle, part) => arithmetic.add(angle, arithmetic.multiply(turns, -part)), x);
  return arithmetic.multiply(rest, 0.5);
}

/** Σ coefficients[i] x²ⁱ. */
function polynomial(x: string, coefficients: readonly number[], arithmetic: Arithmetic): string {
  const squared = arithmetic.multiply(x, x);
  const [highest, ...lower] = [...coefficients].reverse();
  const [next, ...others] = lower;
  const start = arithmetic.add(arithmetic.multiply(squared, highest!), next!);
  return others.reduce((sum, coefficient) => arithmetic.add(arithmetic.multiply(sum, squared), coefficient), start);
}

function cast(value: string, dtype: DType, { writer, label }: LoweringSite): string {
  return writer.add('Cast', [value], { to: ONNX_TYPE[dtype] }, label);
}

/** The same site with operands of another type. */
function asType(dtype: DType, site: LoweringSite): LoweringSite {
  return { ...site, operands: site.operands.map((operand) => cast(operand, dtype, site)) };
}

function swapLast(value: string, shape: Shape, { writer, label }: LoweringSite): string {
  const axes = shape.map((_, axis) => axis);
  const perm = [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
  return writer.add('Transpose', [value], { perm }, label);
}
