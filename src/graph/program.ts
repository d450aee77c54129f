import { ProgramError } from '../support/errors.js';
import {
  isOperation,
  makeNode,
  type Node,
  type OperationAttributes,
  type OperationName,
  topologicalOrder,
} from './node.js';
import { type DType, sameShape } from './tensor.js';

/** Raised whenever an operation is added, removed or changes meaning; a backend refuses other versions. */
export const OPERATION_SET = 1;

/**
 * A finished tensor program: plain data that can be sent to another thread or written to a file.
 * `nodes` stand in an order of evaluation; an operand is the index of an earlier node.
 */
export interface Program {
  readonly operationSet: number;
  readonly nodes: readonly ProgramNode[];
  /** Name of each result and the node that computes it. */
  readonly outputs: Readonly<Record<string, number>>;
  /** New values of state entries after a run; state that is only read is unchanged. */
  readonly next: Readonly<Record<string, number>>;
}

export interface ProgramNode<Op extends OperationName = OperationName> {
  readonly op: Op;
  readonly operands: readonly number[];
  readonly attributes: OperationAttributes[Op];
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Part of the model, for profiles; `layers.3'` is the backward pass of `layers.3`. */
  readonly scope?: string;
}

/** The results of a program as graph nodes. */
export interface ProgramRoots {
  outputs: Readonly<Record<string, Node>>;
  next?: Readonly<Record<string, Node>>;
}

/** Lays a graph out as a program. @throws ProgramError if a state entry changes its shape or type, or names clash. */
export function makeProgram({ outputs, next = {} }: ProgramRoots): Program {
  const order = topologicalOrder([...Object.values(outputs), ...Object.values(next)]);
  const index = new Map(order.map((node, position) => [node, position]));
  checkDeclarations(order, next);
  const positions = (roots: Readonly<Record<string, Node>>) =>
    Object.fromEntries(Object.entries(roots).map(([name, node]) => [name, index.get(node)!]));
  return {
    operationSet: OPERATION_SET,
    nodes: order.map(({ op, operands, attributes, dtype, shape, scope }) => ({
      op,
      operands: operands.map((operand) => index.get(operand)!),
      attributes,
      dtype,
      shape,
      ...(scope?.name && { scope: scope.backward ? `${scope.name}'` : scope.name }),
    })),
    outputs: positions(outputs),
    next: positions(next),
  };
}

/** The graph that a program describes, for passes that rewrite it. */
export function programRoots(program: Program): Required<ProgramRoots> {
  checkOperationSet(program);
  const built: Node[] = [];
  for (const { op, operands, attributes, dtype, shape, scope } of program.nodes) {
    const inputs = operands.map((operand) => built[operand] ?? corrupt(`node ${built.length} uses node ${operand}`));
    const place = scope ? { name: scope.replace(/'$/, ''), backward: scope.endsWith("'") } : null;
    built.push(makeNode(op, inputs, attributes, { dtype, shape }, place));
  }
  const pick = (roots: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      Object.entries(roots).map(([name, position]) => [
        name,
        built[position] ?? corrupt(`${name} is node ${position}`),
      ]),
    );
  return { outputs: pick(program.outputs), next: pick(program.next) };
}

/** Inputs or state entries that a program declares. */
export function declarations(
  program: Program,
  op: 'input' | 'state',
): { name: string; dtype: DType; shape: number[] }[] {
  return program.nodes.flatMap((node) =>
    node.op === op ? [node.attributes as OperationAttributes['input' | 'state']] : [],
  );
}

function checkOperationSet({ operationSet }: Program): void {
  if (operationSet !== OPERATION_SET)
    throw new ProgramError(
      `the program is written for operation set ${operationSet}, this version runs ${OPERATION_SET}`,
      {
        hint: 'Make the program again with this version of proxy-compression.',
      },
    );
}

function corrupt(what: string): never {
  throw new ProgramError(`corrupt program: ${what}, which does not exist`);
}

function checkDeclarations(order: readonly Node[], next: Readonly<Record<string, Node>>): void {
  const declared = new Map<string, Node>();
  for (const node of order) {
    if (!isOperation(node, 'input') && !isOperation(node, 'state')) continue;
    const key = `${node.op} ${node.attributes.name}`;
    const other = declared.get(key);
    if (other && !(other.dtype === node.dtype && sameShape(other.shape, node.shape)))
      throw new ProgramError(`${key} is declared twice, with different shapes or types`);
    declared.set(key, node);
  }
  for (const [name, value] of Object.entries(next)) {
    const entry = declared.get(`state ${name}`);
    if (entry && !(entry.dtype === value.dtype && sameShape(entry.shape, value.shape)))
      throw new ProgramError(
        `state ${name} is ${entry.dtype} [${entry.shape}], its next value ${value.dtype} [${value.shape}]`,
      );
  }
}
