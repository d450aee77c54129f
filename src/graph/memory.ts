import type { OperationName } from './node.js';
import type { Program, ProgramNode } from './program.js';
import { byteLength } from './tensor.js';

/** How an engine uses memory, where it matters for how much a program takes. */
export interface MemoryModel {
  /** Positions of all nodes in the order in which they are computed. */
  order(program: Program): readonly number[];
  /** Bytes that are taken while a node is computed, beside its operands and its result. */
  scratch(node: ProgramNode, program: Program): number;
  /** The result is the first operand under another shape or name. */
  isAlias(op: OperationName): boolean;
  /** The result may take the place of an operand of the same size that nothing else needs. */
  overwrites(op: OperationName): boolean;
}

/** What a program takes, in bytes, beside the state that it reads and writes. */
export interface ProgramMemory {
  /** Constants, for as long as the program is loaded. */
  constants: number;
  /** Most that is alive at a time: inputs, results, and what is computed on the way. */
  peak: number;
}

/**
 * The memory of a program whose results are freed after their last use. State is not counted: neither what is read, nor
 * next values, which have a place of their own.
 */
export function programMemory(program: Program, model: MemoryModel): ProgramMemory {
  const { nodes } = program;
  const bytes = nodes.map(({ dtype, shape }) => byteLength(dtype, shape));
  const order = model.order(program);
  // Where the value of each node lies: the node that took the memory.
  const buffers = nodes.map((_, position) => position);
  for (const position of order) {
    const { op, operands } = nodes[position]!;
    if (model.isAlias(op) && operands.length > 0) buffers[position] = buffers[operands[0]!]!;
  }
  const lastUse = new Map<number, number>();
  for (const [time, position] of order.entries())
    for (const used of [position, ...nodes[position]!.operands]) lastUse.set(buffers[used]!, time);
  for (const output of Object.values(program.outputs)) lastUse.set(buffers[output]!, order.length);
  const elsewhere = new Set(Object.values(program.next).map((position) => buffers[position]!));

  const live = new Map<number, number>();
  let [total, peak, constants] = [0, 0, 0];
  const free = (buffer: number) => {
    total -= live.get(buffer) ?? 0;
    live.delete(buffer);
  };
  for (const [time, position] of order.entries()) {
    const node = nodes[position]!;
    const operands = new Set(node.operands.map((operand) => buffers[operand]!));
    const dying = [...operands].filter((buffer) => lastUse.get(buffer) === time);
    const size = bytes[position]!;
    if (node.op === 'constant') constants += size;
    const takesMemory =
      buffers[position] === position && node.op !== 'constant' && node.op !== 'state' && !elsewhere.has(position);
    if (takesMemory) {
      const overwritten = model.overwrites(node.op) && dying.find((buffer) => live.get(buffer) === size);
      if (typeof overwritten === 'number') free(overwritten);
      live.set(position, size);
      total += size;
    }
    peak = Math.max(peak, total + model.scratch(node, program));
    dying.forEach(free);
  }
  return { constants, peak };
}
