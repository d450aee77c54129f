import { composites } from './composites.js';
import { type CompositeName, inScope, isOperation, type Node, type PrimitiveName, topologicalOrder } from './node.js';
import { add, broadcast, cast, concat, constant, operations, pad, scalar, slice } from './operations.js';
import { fail, show, withSize } from './shapes.js';
import { hostTensor } from './tensor.js';

/**
 * Reverse-mode differentiation: the gradients of a scalar with respect to some nodes, as new nodes.
 *
 * Walks the graph from the loss to its operands and applies each operation's gradient rule once all cotangents of the
 * operation's result are known. Nodes that `wrt` does not influence are not visited, and zero gradients are explicit.
 */
export function gradients(loss: Node, wrt: readonly Node[]): Node[] {
  if (loss.shape.some((size) => size !== 1)) fail(`the loss must be one number, not ${show(loss.shape)}`);
  const order = topologicalOrder([loss]);
  const influenced = new Set<Node>(wrt);
  for (const node of order) if (node.operands.some((operand) => influenced.has(operand))) influenced.add(node);

  const cotangents = new Map<Node, Cotangent>([[loss, new Cotangent(loss)]]);
  cotangents.get(loss)!.add(constant(hostTensor('f32', [1], [...loss.shape])));
  const wanted = new Set(wrt);
  const results = new Map<Node, Node>();
  for (const node of order.reverse()) {
    const cotangent = influenced.has(node) ? cotangents.get(node) : undefined;
    if (!cotangent) continue;
    cotangents.delete(node);
    inScope({ name: node.scope?.name ?? '', backward: true }, () => {
      const total = cotangent.total();
      if (wanted.has(node)) results.set(node, total);
      if (!node.operands.some((operand) => influenced.has(operand))) return;
      for (const [index, contribution] of contributions(node, total).entries()) {
        const operand = node.operands[index]!;
        if (!contribution || !influenced.has(operand)) continue;
        const known = cotangents.get(operand) ?? new Cotangent(operand);
        cotangents.set(operand, known);
        if (isOperation(node, 'slice')) known.addSlice(node.attributes.axis, node.attributes.start, total);
        else known.add(contribution);
      }
    });
  }
  return wrt.map((node) => results.get(node) ?? zeros(node));
}

/** The cotangent of each operand of a node, given its own. */
function contributions(node: Node, cotangent: Node): (Node | null)[] {
  const rule =
    node.op in operations
      ? operations[node.op as PrimitiveName].gradient
      : composites[node.op as CompositeName].gradient;
  return (rule as ((g: Node, y: Node) => (Node | null)[]) | undefined)?.(cotangent, node) ?? [];
}

interface Piece {
  start: number;
  value: Node;
}

/**
 * What has arrived at a node so far. Cotangents of slices are kept apart and assembled once, piece by piece: padding
 * each to the full shape would make work quadratic in the number of slices.
 */
class Cotangent {
  private readonly whole: Node[] = [];
  private readonly pieces = new Map<number, Piece[]>();

  constructor(private readonly node: Node) {}

  add(value: Node): void {
    this.whole.push(value);
  }

  addSlice(axis: number, start: number, value: Node): void {
    const pieces = this.pieces.get(axis);
    if (pieces) pieces.push({ start, value });
    else this.pieces.set(axis, [{ start, value }]);
  }

  total(): Node {
    const parts = [...this.whole];
    for (const [axis, pieces] of this.pieces) parts.push(assemble(pieces, axis, this.node.shape[axis]!));
    return parts.reduce((sum, part) => add(sum, part));
  }
}

/** The sum of overlapping pieces along one axis of the given size, zero where there is none. */
function assemble(pieces: readonly Piece[], axis: number, size: number): Node {
  const end = ({ start, value }: Piece) => start + value.shape[axis]!;
  const cuts = [...new Set(pieces.flatMap((piece) => [piece.start, end(piece)]))].sort((a, b) => a - b);
  const segments = cuts.slice(0, -1).map((from, index) => {
    const to = cuts[index + 1]!;
    const covering = pieces.filter((piece) => piece.start <= from && end(piece) >= to);
    const parts = covering.map(({ start, value }) => slice(value, axis, from - start, to - from));
    return parts.length > 0 ? parts.reduce((sum, part) => add(sum, part)) : zerosOf(pieces[0]!.value, axis, to - from);
  });
  return pad(concat(segments, axis), axis, cuts[0]!, size - cuts.at(-1)!);
}

function zerosOf(like: Node, axis: number, size: number): Node {
  return zeros({ ...like, shape: withSize(like.shape, axis, size) });
}

function zeros({ shape, dtype }: Pick<Node, 'shape' | 'dtype'>): Node {
  return broadcast(cast(scalar(0), dtype), shape);
}
