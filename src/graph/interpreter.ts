import { ProgramError } from '../support/errors.js';
import { isOperation, type Node, type PrimitiveName, topologicalOrder } from './node.js';
import { expandComposites } from './passes.js';
import { type Program, programRoots } from './program.js';
import { evaluate, type Values } from './reference-kernels.js';

export interface Evaluation {
  outputs: Record<string, Values>;
  next: Record<string, Values>;
}

/** Runs a program once. @throws ProgramError if an input or a state entry is missing. */
export function interpret(program: Program, bindings: Readonly<Record<string, Values>>): Evaluation {
  const roots = expandComposites(() => false)(programRoots(program));
  const computed = new Map<Node, Values>();
  for (const node of topologicalOrder([...Object.values(roots.outputs), ...Object.values(roots.next)]))
    computed.set(
      node,
      isOperation(node, 'input') || isOperation(node, 'state')
        ? (bindings[node.attributes.name] ?? missing(node.attributes.name))
        : evaluate(
            node as Node<PrimitiveName>,
            node.operands.map((operand) => computed.get(operand)!),
          ),
    );
  const collect = (nodes: Readonly<Record<string, Node>>) =>
    Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, computed.get(node)!]));
  return { outputs: collect(roots.outputs), next: collect(roots.next) };
}

function missing(name: string): never {
  throw new ProgramError(`no value was given for ${name}`);
}
