import { declarations, optimise, type Program, type ProgramNode } from '../../src/graph/index.js';
import { cpuLowerings, type Lowerings } from './lowering.js';
import { OnnxWriter } from './onnx-writer.js';

/** A program as an ONNX model, and how its values are bound to inputs, results and state. */
export interface LoweredProgram {
  model: Uint8Array;
  inputs: string[];
  /** State entries that are read, by the name of the model's input. */
  reads: Record<string, string>;
  /** Results, by the name of the model's output. */
  outputs: Record<string, string>;
  /**
   * Next values of state, by the name of the model's output. In place, they take the room of the old value, which the
   * program does not read, or reads only where it does not change.
   */
  writes: { state: string; output: string; inPlace: boolean }[];
}

/** How a model names what goes in and comes out, and where it finds state. */
export interface Binding {
  input(writer: OnnxWriter, node: ProgramNode<'input'>): string;
  /** The name of a value that is the state entry. */
  state(writer: OnnxWriter, node: ProgramNode<'state'>): string;
  resultName(output: string): string;
}

/** State is an input, which a session feeds with what it holds. */
const IN_SESSION: Binding = {
  input: (writer, { attributes: { name }, dtype, shape }) => writer.input(`input.${name}`, dtype, shape),
  state: (writer, { attributes: { name }, dtype, shape }) => writer.input(`state.${name}`, dtype, shape),
  resultName: (output) => `output.${output}`,
};

/** @throws ProgramError if the program is inconsistent or of another operation set. */
export function lowerProgram(
  source: Program,
  { binding = IN_SESSION, lowerings = cpuLowerings }: { binding?: Binding; lowerings?: Lowerings } = {},
): LoweredProgram {
  const program = optimise(source, lowerings.lowersComposite);
  const writer = new OnnxWriter();
  const reads: Record<string, string> = {};
  const values: string[] = [];
  for (const node of program.nodes) {
    values.push(
      isDeclaration(node) ? declare(writer, node, binding, reads) : lower(lowerings, writer, program, node, values),
    );
  }
  const result = (position: number, name: string) => {
    const { dtype, shape } = program.nodes[position]!;
    writer.output(values[position]!, name, dtype, shape);
    return name;
  };
  const outputs = Object.fromEntries(
    Object.entries(program.outputs).map(([name, position]) => [result(position, binding.resultName(name)), name]),
  );
  const isRead = new Set(Object.values(reads));
  const writes = Object.entries(program.next).map(([state, position]) => ({
    state,
    output: result(position, `next.${state}`),
    inPlace: !isRead.has(state) || updatesInPlace(program, state, position),
  }));
  const inputs = declarations(program, 'input').map(({ name }) => name);
  return { model: writer.encode(), inputs, reads, outputs, writes };
}

const isDeclaration = (node: ProgramNode): node is ProgramNode<'input'> | ProgramNode<'state'> =>
  node.op === 'input' || node.op === 'state';

function declare(
  writer: OnnxWriter,
  node: ProgramNode<'input'> | ProgramNode<'state'>,
  binding: Binding,
  reads: Record<string, string>,
): string {
  if (node.op === 'input') return binding.input(writer, node as ProgramNode<'input'>);
  const value = binding.state(writer, node as ProgramNode<'state'>);
  reads[value] = node.attributes.name;
  return value;
}

function lower(
  lowerings: Lowerings,
  writer: OnnxWriter,
  program: Program,
  node: ProgramNode,
  values: readonly string[],
): string {
  return lowerings.of(node.op)(node, {
    writer,
    operands: node.operands.map((operand) => values[operand]!),
    shapes: node.operands.map((operand) => program.nodes[operand]!.shape),
    dtypes: node.operands.map((operand) => program.nodes[operand]!.dtype),
    label: node.scope ?? '',
  });
}

/** The next value is the state itself with a slice written, and nothing else reads the old state. */
function updatesInPlace(program: Program, state: string, position: number): boolean {
  const update = program.nodes[position]!;
  const target = update.operands[0];
  if (update.op !== 'updateSlice' || target === undefined) return false;
  const { op, attributes } = program.nodes[target]! as ProgramNode<'state'>;
  const readers = program.nodes.filter(({ operands }) => operands.includes(target));
  const kept = [...Object.values(program.outputs), ...Object.values(program.next)].includes(target);
  return op === 'state' && attributes.name === state && readers.length === 1 && !kept;
}
