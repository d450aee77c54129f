import { byteLength, elementCount, optimise, type Program, type ProgramNode } from '../../src/graph/index.js';
import { type MemoryModel, programMemory } from '../../src/graph/memory.js';
import type { SessionWork } from '../../src/plugins/contracts.js';
import { executionOrder } from './execution-order.js';
import { cpuLowerings, LARGEST_ONE_HOT } from './lowering.js';

/** Of a process that has the runtime, before any program; of a session's thread; and of the graph of a node. Measured, bytes. */
const RUNTIME_BYTES = 60e6;
const SESSION_BYTES = 30e6;
const NODE_BYTES = 11e3;

/** What the arena takes for a byte that is alive: pieces of freed blocks that nothing fits into. Measured. */
const FRAGMENTATION = 1.12;

/** Operators whose kernels write over an operand that is not needed any more. */
const ELEMENTWISE: ReadonlySet<string> = new Set([
  ...['negate', 'exp', 'log', 'sqrt', 'reciprocal', 'sigmoid', 'not', 'cast', 'softmax'],
  ...['add', 'subtract', 'multiply', 'divide', 'maximum', 'minimum'],
]);

const memoryModel: MemoryModel = {
  order: executionOrder,
  scratch,
  isAlias: (op) => op === 'reshape' || op === 'after',
  overwrites: (op) => ELEMENTWISE.has(op),
};

/** Most resident memory of a process that runs these sessions, less what it has before the first. */
export function estimateMemory(sessions: readonly SessionWork[]): number {
  return sessions.reduce((sum, session) => sum + memoryOfSession(session), RUNTIME_BYTES);
}

function memoryOfSession({ state, programs }: SessionWork): number {
  const written = new Set(programs.flatMap(({ next }) => Object.keys(next)));
  // What programs write has two places, which change after each run.
  const ofState = state.reduce(
    (sum, { name, dtype, shape }) => sum + byteLength(dtype, shape) * (written.has(name) ? 2 : 1),
    0,
  );
  return programs.reduce((sum, program) => sum + memoryOfProgram(program), SESSION_BYTES + ofState);
}

function memoryOfProgram(source: Program): number {
  const program = optimise(source, cpuLowerings.lowersComposite);
  const { constants, peak } = programMemory(program, memoryModel);
  return Math.ceil(program.nodes.length * NODE_BYTES + constants + FRAGMENTATION * peak);
}

/** Values between the operators that a node is lowered to. */
function scratch({ op, operands, dtype, shape, attributes }: ProgramNode, { nodes }: Program): number {
  const operand = nodes[operands[0] ?? -1];
  if (operand === undefined) return 0;
  if (op === 'crossEntropy') return byteLength('f32', operand.shape);
  if (op === 'crossEntropyGradient') return byteLength(dtype, shape);
  if (op !== 'scatterAdd') return 0;
  const { rows } = attributes as ProgramNode<'scatterAdd'>['attributes'];
  // The one-hot matrix, as booleans and as numbers.
  return rows <= LARGEST_ONE_HOT ? elementCount(operand.shape) * rows * (1 + byteLength(dtype, [1])) : 0;
}
