import type { DType, HostTensor, Shape } from './tensor.js';

/**
 * A tensor program under construction is a graph of immutable nodes, each one tensor of static shape. Building a node
 * computes nothing: it says what is to be computed, and a backend does so later.
 */
export interface Node<Op extends OperationName = OperationName> {
  readonly op: Op;
  readonly operands: readonly Node[];
  readonly attributes: OperationAttributes[Op];
  readonly dtype: DType;
  readonly shape: Shape;
  readonly scope: Scope | null;
}

/** The part of the model a node belongs to, such as `layers.3`: the unit of rematerialisation, and a name in profiles. */
export interface Scope {
  readonly name: string;
  /** The node was made by differentiating nodes of this scope. */
  readonly backward: boolean;
}

type None = Record<string, never>;

/** Attributes of the primitive operations; `operations.ts` gives each its shape and gradient rule. */
export interface PrimitiveAttributes {
  input: { name: string; dtype: DType; shape: number[] };
  state: { name: string; dtype: DType; shape: number[] };
  constant: { value: HostTensor };
  /** 0, 1, 2, … along one axis. */
  iota: { shape: number[]; axis: number };

  negate: None;
  exp: None;
  log: None;
  sqrt: None;
  reciprocal: None;
  sigmoid: None;
  cos: None;
  sin: None;
  not: None;
  cast: { dtype: DType };

  add: None;
  subtract: None;
  multiply: None;
  divide: None;
  maximum: None;
  minimum: None;
  equal: None;
  less: None;
  and: None;
  or: None;
  /** (condition, whenTrue, whenFalse). */
  select: None;

  /** Reductions keep the reduced axes with size one. */
  sum: { axes: number[] };
  max: { axes: number[] };

  reshape: { shape: number[] };
  broadcast: { shape: number[] };
  transpose: { permutation: number[] };
  concat: { axis: number };
  slice: { axis: number; start: number; size: number };
  /** Zeros before and after along one axis. */
  pad: { axis: number; before: number; after: number };

  /** scale · op(a) · op(b) over the last two axes; leading axes broadcast. */
  matmul: { transposeA: boolean; transposeB: boolean; scale: number };
  /** Rows of a table [R, …] at indices […]. */
  gather: None;
  /** Sums updates […indices, …row] into a zero table of `rows` rows. */
  scatterAdd: { rows: number };
  /** One element of the last axis at each index: [..., V], [...] → [...]. */
  pick: None;

  /** (target, value, start): target with `value` written from index `start` of one axis. */
  updateSlice: { axis: number };
  /** The first operand, available only once the second has been computed. */
  after: None;
}

/** Attributes of the composite operations; `composites.ts` gives each its decomposition and gradient. */
export interface CompositeAttributes {
  silu: None;
  /** silu(gate) ⊙ up. */
  swiglu: None;
  /** Over the last axis. */
  softmax: None;
  /** x / rms(x) ⊙ weight over the last axis. */
  rmsNorm: { epsilon: number };
  /** Rotates the halves of the last axis by angles given as cosines and sines [..., d/2]. */
  rope: None;
  /** softmax(scale · q kᵀ + bias) v; bias is optional and broadcasts. */
  attention: { scale: number };
  /** −log softmax(logits)[label]: [M, V], [M] → [M]. */
  crossEntropy: None;
  /** Gradient of crossEntropy with respect to the logits: (logits, labels, cotangent [M]). */
  crossEntropyGradient: None;
  /** Σ weights ⊙ crossEntropy of linear heads, in chunks of positions: (x [M, D], head [P·V, D], labels [M, P], weights). */
  linearCrossEntropy: { chunk: number };
}

export interface OperationAttributes extends PrimitiveAttributes, CompositeAttributes {}

export type PrimitiveName = keyof PrimitiveAttributes;
export type CompositeName = keyof CompositeAttributes;
export type OperationName = keyof OperationAttributes;

let currentScope: Scope | null = null;

/** Builds nodes inside a named scope. Scopes do not nest: the innermost one names a node. */
export function inScope<T>(scope: Scope | string, build: () => T): T {
  const outer = currentScope;
  currentScope = typeof scope === 'string' ? { name: scope, backward: false } : scope;
  try {
    return build();
  } finally {
    currentScope = outer;
  }
}

/** Makes a node whose shape and type are known; operations are built by the functions of `operations.ts`. */
export function makeNode<Op extends OperationName>(
  op: Op,
  operands: readonly Node[],
  attributes: OperationAttributes[Op],
  type: { dtype: DType; shape: Shape },
  scope: Scope | null = currentScope,
): Node<Op> {
  return { op, operands, attributes, dtype: type.dtype, shape: type.shape, scope };
}

/** Narrows a node to one operation. */
export function isOperation<Op extends OperationName>(node: Node, op: Op): node is Node<Op> {
  return node.op === op;
}

/** All nodes that the roots need, operands before users. Iterative: graphs are thousands of nodes deep. */
export function topologicalOrder(roots: readonly Node[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; next: number }[] = [];
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    stack.push({ node: root, next: 0 });
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const operand = top.node.operands[top.next];
      if (operand === undefined) {
        order.push(top.node);
        stack.pop();
      } else {
        top.next += 1;
        if (!seen.has(operand)) {
          seen.add(operand);
          stack.push({ node: operand, next: 0 });
        }
      }
    }
  }
  return order;
}
