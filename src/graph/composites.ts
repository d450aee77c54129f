import { type CompositeName, makeNode, type Node, type OperationAttributes, type OperationName } from './node.js';
import {
  add,
  after,
  broadcast,
  concat,
  divide,
  exp,
  expandLast,
  log,
  matmul,
  max,
  mean,
  multiply,
  negate,
  oneHot,
  pick,
  reciprocal,
  reshape,
  scalar,
  sigmoid,
  slice,
  sqrt,
  subtract,
  sum,
  sumTo,
} from './operations.js';
import { broadcastShapes, fail, matmulShape, show } from './shapes.js';
import { type DType, elementCount, type Shape, sameShape } from './tensor.js';

/**
 * Composite operations: parts of a model that an engine may have a kernel for. A backend lowers the name, or expands
 * the decomposition into primitives. They survive differentiation, after which nobody could recognise them.
 *
 * A gradient rule may build what the decomposition builds as well, such as the attention probabilities: where the
 * backend expands both, common-subexpression elimination makes them one; where it lowers the name, they are recomputed.
 */
export interface Composite<Op extends CompositeName> {
  infer(operands: readonly Node[], attributes: OperationAttributes[Op]): { dtype: DType; shape: Shape };
  decompose(node: Node<Op>): Node;
  gradient(cotangent: Node, node: Node<Op>): (Node | null)[];
}

const like = ([x]: readonly Node[]) => ({ dtype: x!.dtype, shape: x!.shape });
const lastAxis = (x: Node) => x.shape.length - 1;

export const composites: { readonly [Op in CompositeName]: Composite<Op> } = {
  silu: {
    infer: like,
    decompose: ({ operands: [x] }) => multiply(x!, sigmoid(x!)),
    gradient: (g, { operands: [x] }) => [multiply(g, siluDerivative(x!))],
  },

  swiglu: {
    infer: ([gate, up]) =>
      sameShape(gate!.shape, up!.shape) ? like([gate!]) : fail(`swiglu of ${show(gate!.shape)} and ${show(up!.shape)}`),
    decompose: ({ operands: [gate, up] }) => multiply(silu(gate!), up!),
    gradient: (g, { operands: [gate, up] }) => [
      multiply(multiply(g, up!), siluDerivative(gate!)),
      multiply(g, silu(gate!)),
    ],
  },

  softmax: {
    infer: like,
    decompose: ({ operands: [x] }) => {
      const unnormalised = exp(subtract(x!, max(x!, [lastAxis(x!)])));
      return divide(unnormalised, sum(unnormalised, [lastAxis(x!)]));
    },
    gradient: (g, y) => [multiply(y, subtract(g, sum(multiply(g, y), [lastAxis(y)])))],
  },

  rmsNorm: {
    infer: ([x, weight]) =>
      sameShape(weight!.shape, [x!.shape.at(-1)!])
        ? like([x!])
        : fail(`rmsNorm of ${show(x!.shape)} with a weight of ${show(weight!.shape)}`),
    decompose: ({ operands: [x, weight], attributes: { epsilon } }) =>
      multiply(multiply(x!, inverseRms(x!, epsilon)), weight!),
    // y_j = x_j r w_j with r = (mean x² + ε)^−½, hence ∂r/∂x_j = −r³ x_j / D, and with p = g ⊙ x:
    // dx = r (g ⊙ w) − x r³/D (p · w), dw = Σ_rows r p. The two sums are products with a vector, which read p alone.
    gradient: (g, { operands: [x, weight], attributes: { epsilon } }) => {
      const size = weight!.shape[0]!;
      const rows = elementCount(x!.shape) / size;
      const r = inverseRms(x!, epsilon);
      const p = reshape(multiply(g, x!), [rows, size]);
      const along = reshape(matmul(p, reshape(weight!, [size, 1]), { scale: 1 / size }), r.shape);
      const cubed = multiply(multiply(r, r), r);
      return [
        subtract(multiply(multiply(g, weight!), r), multiply(x!, multiply(cubed, along))),
        reshape(matmul(reshape(r, [1, rows]), p), [size]),
      ];
    },
  },

  rope: {
    infer: ([x, cosines, sines]) =>
      cosines!.shape.at(-1)! * 2 === x!.shape.at(-1) && sameShape(cosines!.shape, sines!.shape)
        ? like([x!])
        : fail(`rope of ${show(x!.shape)} by angles of ${show(cosines!.shape)} and ${show(sines!.shape)}`),
    decompose: ({ operands: [x, cosines, sines] }) => {
      const axis = lastAxis(x!);
      const half = x!.shape[axis]! / 2;
      const first = slice(x!, axis, 0, half);
      const second = slice(x!, axis, half, half);
      return concat(
        [
          subtract(multiply(first, cosines!), multiply(second, sines!)),
          add(multiply(second, cosines!), multiply(first, sines!)),
        ],
        axis,
      );
    },
    // A rotation: its transpose turns the other way.
    gradient: (g, { operands: [, cosines, sines] }) => [rope(g, cosines!, negate(sines!)), null, null],
  },

  attention: {
    infer: ([q, k, v]) => ({
      dtype: q!.dtype,
      shape: matmulShape(matmulShape(q!.shape, k!.shape, false, true), v!.shape, false, false),
    }),
    decompose: (node) => matmul(attentionProbabilities(node), node.operands[2]!),
    // With P the probabilities and O = P V: dS = P ⊙ (dO Vᵀ − rowsum(dO ⊙ O)), dQ = s dS K, dK = s dSᵀ Q, dV = Pᵀ dO
    // (Dao et al., FlashAttention, arXiv 2205.14135, appendix B.4).
    gradient: (g, node) => {
      const [q, k, v, bias] = node.operands;
      const { scale } = node.attributes;
      const p = attentionProbabilities(node);
      const delta = sum(multiply(g, node), [lastAxis(node)]);
      const dScores = multiply(p, subtract(matmul(g, v!, { transposeB: true }), delta));
      const gradients: (Node | null)[] = [
        sumTo(matmul(dScores, k!, { scale }), q!.shape),
        sumTo(matmul(dScores, q!, { transposeA: true, scale }), k!.shape),
        sumTo(matmul(p, g, { transposeA: true }), v!.shape),
      ];
      return bias ? [...gradients, sumTo(dScores, bias.shape)] : gradients;
    },
  },

  crossEntropy: {
    infer: ([logits, labels]) =>
      sameShape(logits!.shape.slice(0, -1), labels!.shape)
        ? { dtype: 'f32', shape: labels!.shape }
        : fail(`crossEntropy of ${show(logits!.shape)} with labels ${show(labels!.shape)}`),
    decompose: ({ operands: [logits, labels] }) => {
      const shifted = subtract(logits!, max(logits!, [lastAxis(logits!)]));
      const normaliser = log(sum(exp(shifted), [lastAxis(logits!)]));
      return subtract(reshape(normaliser, labels!.shape), pick(shifted, labels!));
    },
    gradient: (g, { operands: [logits, labels] }) => [crossEntropyGradient(logits!, labels!, g), null],
  },

  crossEntropyGradient: {
    infer: like,
    decompose: ({ operands: [logits, labels, g] }) =>
      multiply(subtract(softmax(logits!), oneHot(labels!, logits!.shape.at(-1)!)), expandLast(g!)),
    gradient: () =>
      fail('the gradient of crossEntropyGradient is not defined: second derivatives of the loss are not taken'),
  },

  linearCrossEntropy: {
    infer: ([x, head, labels, weights]) => {
      const [tokens, heads] = labels!.shape as [number, number];
      const fits =
        x!.shape[0] === tokens &&
        x!.shape[1] === head!.shape[1] &&
        head!.shape[0]! % heads === 0 &&
        sameShape(broadcastShapes(weights!.shape, labels!.shape), labels!.shape);
      if (!fits)
        fail(`linearCrossEntropy of ${[x!, head!, labels!, weights!].map(({ shape }) => show(shape)).join(', ')}`);
      return { dtype: 'f32', shape: [2, heads] };
    },
    decompose: (node) => {
      let total: Node | undefined;
      for (const { logits, labels, weights } of chunksOf(node, () => total)) {
        const nats = crossEntropy(logits, labels);
        const sums = concat([sum(multiply(nats, weights), [0]), sum(nats, [0])], 0);
        total = total ? add(total, sums) : sums;
      }
      return reshape(total!, node.shape);
    },
    // Logits are computed anew for each chunk, once the chunk before it is done with; where there is one chunk alone,
    // they are those of the forward pass.
    gradient: (g, node) => {
      const head = node.operands[1]!;
      let dHead: Node | undefined;
      const dx: Node[] = [];
      for (const { x, logits, labels, weights } of chunksOf(node, () => dHead)) {
        const cotangent = add(multiply(weights, slice(g, 0, 0, 1)), slice(g, 0, 1, 1));
        const dLogits = reshape(crossEntropyGradient(logits, labels, cotangent), [x.shape[0]!, head.shape[0]!]);
        dx.push(matmul(dLogits, head));
        const own = matmul(dLogits, x, { transposeA: true });
        dHead = dHead ? add(dHead, own) : own;
      }
      return [concat(dx, 0), dHead!, null, null];
    },
  },
};

export const isCompositeName = (op: OperationName): op is CompositeName => op in composites;

/** (mean(x²) + ε)^−½ over the last axis. */
function inverseRms(x: Node, epsilon: number): Node {
  return reciprocal(sqrt(add(mean(multiply(x, x), [lastAxis(x)]), scalar(epsilon))));
}

/** d silu / dx = σ(x) (1 + x − silu(x)). */
function siluDerivative(x: Node): Node {
  return multiply(sigmoid(x), add(subtract(x, silu(x)), scalar(1)));
}

interface LossChunk {
  /** [m, D] */
  x: Node;
  /** [m, P, V] */
  logits: Node;
  /** [m, P] */
  labels: Node;
  /** [m, P] */
  weights: Node;
}

/** The positions of a linear cross-entropy, chunk by chunk; each is computed after what `previous` gives by then. */
function* chunksOf(node: Node<'linearCrossEntropy'>, previous: () => Node | undefined): Generator<LossChunk> {
  const [x, head, labels, weights] = node.operands as [Node, Node, Node, Node];
  const [tokens, heads] = labels.shape as [number, number];
  const everyWeight = broadcast(weights, labels.shape);
  for (let start = 0; start < tokens; start += node.attributes.chunk) {
    const size = Math.min(node.attributes.chunk, tokens - start);
    const part = (whole: Node) => slice(whole, 0, start, size);
    const before = previous();
    const own = before ? after(part(x), before) : part(x);
    const logits = reshape(matmul(own, head, { transposeB: true }), [size, heads, head.shape[0]! / heads]);
    yield { x: own, logits, labels: part(labels), weights: part(everyWeight) };
  }
}

function attentionProbabilities({ operands: [q, k, , bias], attributes: { scale } }: Node<'attention'>): Node {
  const scores = matmul(q!, k!, { transposeB: true, scale });
  return softmax(bias ? add(scores, bias) : scores);
}

// ------------------------------------------------------------------------------------------------- builders

function build<Op extends CompositeName>(
  op: Op,
  operands: readonly Node[],
  attributes: OperationAttributes[Op],
): Node<Op> {
  return makeNode(op, operands, attributes, composites[op].infer(operands, attributes));
}

/** x σ(x). */
export const silu = (x: Node) => build('silu', [x], {});
/** silu(gate) ⊙ up (Shazeer, arXiv 2002.05202). */
export const swiglu = (gate: Node, up: Node) => build('swiglu', [gate, up], {});
/** Over the last axis. */
export const softmax = (x: Node) => build('softmax', [x], {});
/** x (mean(x²) + ε)^−½ ⊙ weight over the last axis; weight has its size. */
export const rmsNorm = (x: Node, weight: Node, epsilon: number) => build('rmsNorm', [x, weight], { epsilon });
/** (x₁ cos − x₂ sin, x₂ cos + x₁ sin) for the halves of the last axis; cosines and sines [..., d/2] broadcast. */
export const rope = (x: Node, cosines: Node, sines: Node) => build('rope', [x, cosines, sines], {});
/** softmax(scale · q kᵀ + bias) v for q [..., n, d], k [..., m, d], v [..., m, e] and an optional bias [..., n, m]. */
export const attention = (q: Node, k: Node, v: Node, { bias, scale }: { bias?: Node; scale: number }) =>
  build('attention', bias ? [q, k, v, bias] : [q, k, v], { scale });
/** −log softmax(logits)[label] in nats, for each label: [..., V], [...] → [...]. */
export const crossEntropy = (logits: Node, labels: Node) => build('crossEntropy', [logits, labels], {});
const crossEntropyGradient = (logits: Node, labels: Node, cotangent: Node) =>
  build('crossEntropyGradient', [logits, labels, broadcast(cotangent, labels.shape)], {});

/**
 * Cross-entropy of several linear heads at once, without ever holding all their logits: Σ_t weight_th · nll_th and Σ_t nll_th, [2, P].
 * @param x [M, D] inputs of the heads
 * @param head [P·V, D], head by head
 * @param labels [M, P]
 * @param weights broadcasts to [M, P]; no gradient flows to them
 * @param chunk positions whose logits are in memory at a time
 */
export const linearCrossEntropy = (x: Node, head: Node, labels: Node, weights: Node, chunk: number) =>
  build('linearCrossEntropy', [x, head, labels, weights], { chunk });
