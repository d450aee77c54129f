import { composites, isCompositeName } from './composites.js';
import { type CompositeName, inScope, makeNode, type Node, type PrimitiveName, topologicalOrder } from './node.js';
import { after, constant, operations, scalarValue } from './operations.js';
import { makeProgram, type Program, type ProgramRoots, programRoots } from './program.js';
import { evaluateConstant } from './reference-kernels.js';
import { elementCount, type Shape, sameShape } from './tensor.js';

/**
 * Rewrites of a graph that keep its meaning. Each takes the roots and gives new ones; nodes that nothing needs any more
 * vanish by themselves, since a program is what its roots reach (dead-code elimination is `makeProgram`).
 */
export type Pass = (roots: Required<ProgramRoots>) => Required<ProgramRoots>;

/** Whether a backend has a kernel for a composite with operands of these shapes. */
export type LowersComposite = (name: CompositeName, shapes: readonly Shape[]) => boolean;

/** What every program goes through before a backend lowers it. */
export function optimise(program: Program, lowered: LowersComposite): Program {
  const passes: Pass[] = [expandComposites(lowered), foldConstants, eliminateCommonSubexpressions];
  return makeProgram(passes.reduce((roots, pass) => pass(roots), programRoots(program)));
}

/** Rewrites every node, operands first. `rewrite` gets the node and its new operands; it may return the node itself. */
function rewriteNodes(
  roots: Required<ProgramRoots>,
  rewrite: (node: Node, operands: Node[]) => Node,
): Required<ProgramRoots> {
  const done = new Map<Node, Node>();
  for (const node of topologicalOrder([...Object.values(roots.outputs), ...Object.values(roots.next)])) {
    const operands = node.operands.map((operand) => done.get(operand)!);
    done.set(node, rewrite(node, operands));
  }
  const renew = (nodes: Readonly<Record<string, Node>>) =>
    Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, done.get(node)!]));
  return { outputs: renew(roots.outputs), next: renew(roots.next) };
}

function withOperands(node: Node, operands: Node[]): Node {
  return operands.every((operand, index) => operand === node.operands[index])
    ? node
    : makeNode(node.op, operands, node.attributes, node, node.scope);
}

/** Replaces composites that the backend does not know by their decompositions. */
export function expandComposites(lowered: LowersComposite): Pass {
  const expand = (node: Node): Node => {
    if (
      !isCompositeName(node.op) ||
      lowered(
        node.op,
        node.operands.map(({ shape }) => shape),
      )
    )
      return node;
    const rule = composites[node.op].decompose as (node: Node) => Node;
    const expansion = inScope(node.scope ?? { name: '', backward: false }, () => rule(node));
    const done = new Map<Node, Node>(node.operands.map((operand) => [operand, operand]));
    for (const part of topologicalOrder([expansion])) {
      if (done.has(part)) continue;
      const operands = part.operands.map((operand) => done.get(operand) ?? operand);
      done.set(part, expand(withOperands(part, operands)));
    }
    return done.get(expansion)!;
  };
  return (roots) => rewriteNodes(roots, (node, operands) => expand(withOperands(node, operands)));
}

/** Two nodes that compute the same from the same become one. */
export const eliminateCommonSubexpressions: Pass = (roots) => {
  const canonical = new Map<string, Node>();
  const ids = new Map<Node, number>();
  return rewriteNodes(roots, (node, operands) => {
    const key = `${node.op} ${node.dtype} [${node.shape}] (${operands.map((operand) => ids.get(operand))}) ${attributeKey(node)}`;
    let same = canonical.get(key);
    if (!same) {
      same = withOperands(node, operands);
      canonical.set(key, same);
      ids.set(same, ids.size);
    }
    return same;
  });
};

const bytesKeys = new WeakMap<Uint8Array, string>();
function attributeKey({ attributes }: Node): string {
  return JSON.stringify(attributes, (_, value: unknown) => {
    if (!(value instanceof Uint8Array)) return value;
    const key = bytesKeys.get(value) ?? Buffer.from(value).toString('base64');
    bytesKeys.set(value, key);
    return key;
  });
}

/** Largest constant that folding may create, in elements: beyond it, computing is cheaper than shipping. */
const LARGEST_FOLDED = 1 << 16;

/** Evaluates what depends on constants alone, and drops multiplications by one and additions of zero. */
export const foldConstants: Pass = (roots) =>
  rewriteNodes(roots, (node, operands) => {
    const renewed = withOperands(node, operands);
    const neutral = withoutNeutralElement(renewed);
    if (neutral) return neutral;
    const foldable =
      renewed.op in operations &&
      !['constant', 'input', 'state', 'after', 'updateSlice'].includes(renewed.op) &&
      operands.every((operand) => operand.op === 'constant') &&
      elementCount(renewed.shape) <= LARGEST_FOLDED;
    return foldable ? constant(evaluateConstant(renewed as Node<PrimitiveName>)) : renewed;
  });

const NEUTRAL: Partial<Record<PrimitiveName, { value: number; sides: number[] }>> = {
  add: { value: 0, sides: [0, 1] },
  subtract: { value: 0, sides: [1] },
  multiply: { value: 1, sides: [0, 1] },
  divide: { value: 1, sides: [1] },
};

function withoutNeutralElement(node: Node): Node | undefined {
  const rule = NEUTRAL[node.op as PrimitiveName];
  for (const side of rule?.sides ?? []) {
    const other = node.operands[1 - side]!;
    if (scalarValue(node.operands[side]!) === rule!.value && sameShape(other.shape, node.shape)) return other;
  }
  return undefined;
}

/**
 * Rematerialisation: what the backward pass of a scope needs of its forward pass is computed a second time, from the
 * scope's inputs, once the cotangent of the scope has arrived; so only the inputs of the scope stay in memory
 * (Chen et al., arXiv 1604.06174). Values are unchanged.
 *
 * @param keeps nodes that stay in memory beside the inputs, and are not computed again
 */
export function rematerialise(belongs: (scope: string) => boolean, keeps: (node: Node) => boolean = () => false): Pass {
  return (roots) => {
    const order = topologicalOrder([...Object.values(roots.outputs), ...Object.values(roots.next)]);
    const scopes = new Set(order.flatMap(({ scope }) => (scope && belongs(scope.name) ? [scope.name] : [])));
    return [...scopes].reduce((current, scope) => rematerialiseScope(current, scope, keeps), roots);
  };
}

function rematerialiseScope(
  roots: Required<ProgramRoots>,
  scope: string,
  keeps: (node: Node) => boolean,
): Required<ProgramRoots> {
  const isForward = (node: Node) => node.scope?.name === scope && !node.scope.backward;
  const isBackward = (node: Node) => node.scope?.name === scope && node.scope.backward;
  const order = topologicalOrder([...Object.values(roots.outputs), ...Object.values(roots.next)]);
  const cotangent = order
    .filter(isBackward)
    .flatMap(({ operands }) => operands)
    .find((operand) => operand.scope?.backward && operand.scope.name !== scope);
  if (!cotangent) return roots;
  const copies = new Map<Node, Node>();
  /** The node computed anew: forward nodes of the scope are copied, and what enters the scope waits for the cotangent. */
  const recompute = (node: Node): Node => {
    let copy = copies.get(node);
    if (!copy) {
      copy =
        isForward(node) && !keeps(node)
          ? makeNode(node.op, node.operands.map(recompute), node.attributes, node, { name: scope, backward: true })
          : isLeaf(node)
            ? node
            : after(node, cotangent);
      copies.set(node, copy);
    }
    return copy;
  };
  const renewed = rewriteNodes(roots, (node, operands) =>
    withOperands(
      node,
      isBackward(node)
        ? node.operands.map((operand, index) => (isForward(operand) ? recompute(operand) : operands[index]!))
        : operands,
    ),
  );
  return renewed;
}

const isLeaf = ({ op }: Node) => op === 'constant' || op === 'iota' || op === 'input' || op === 'state';
