import { z } from 'zod';
import { ProgramError } from '../support/errors.js';
import { composites, isCompositeName } from './composites.js';
import { makeNode, type Node, type OperationAttributes, type OperationName, type PrimitiveName } from './node.js';
import { operations } from './operations.js';
import { OPERATION_SET, type Program, type ProgramNode } from './program.js';
import { show } from './shapes.js';
import { type DType, type HostTensor, sameShape } from './tensor.js';

/**
 * The serialised form of a program: a JSON document that describes the graph, and the values of its constants apart, by
 * name. `docs/program-format.md` describes it for readers in other languages; the two are stored in one file.
 */
export interface SerialisedProgram {
  document: ProgramDocument;
  /** Values of constants, by the names that the document uses. */
  constants: Map<string, HostTensor>;
}

/** Raised when the form of the document changes; operations have a version of their own, `operationSet`. */
const PROGRAM_FORMAT_VERSION = 1;

export interface ProgramDocument {
  format: 'tensor-program';
  version: number;
  operationSet: number;
  nodes: DocumentNode[];
  outputs: Record<string, number>;
  next: Record<string, number>;
}

interface DocumentNode {
  op: string;
  operands: number[];
  /** As of the operation; those of `constant` are the name of its value. */
  attributes: Record<string, unknown>;
  dtype: DType;
  shape: number[];
  scope?: string | undefined;
}

export function serialiseProgram(program: Program): SerialisedProgram {
  const constants = new Map<string, HostTensor>();
  const nodes = program.nodes.map(({ op, operands, attributes, dtype, shape, scope }, index): DocumentNode => {
    const node = { op, operands: [...operands], dtype, shape: [...shape], ...(scope !== undefined && { scope }) };
    if (!('value' in attributes)) return { ...node, attributes: { ...attributes } };
    const tensor = `constant.${index}`;
    constants.set(tensor, attributes.value);
    return { ...node, attributes: { tensor } };
  });
  const { operationSet, outputs, next } = program;
  const document = { format: 'tensor-program', version: PROGRAM_FORMAT_VERSION, operationSet, nodes } as const;
  return { document: { ...document, outputs: { ...outputs }, next: { ...next } }, constants };
}

/**
 * The program of a document that somebody else may have written: everything is checked, also that each node has the
 * shape and type that its operation gives it.
 *
 * @throws ProgramError naming the node that is wrong
 */
export function deserialiseProgram(document: unknown, constants: ReadonlyMap<string, HostTensor>): Program {
  const { operationSet, nodes, outputs, next } = checkedDocument(document);
  const built: Node[] = [];
  for (const [index, node] of nodes.entries()) built.push(buildNode(node, index, built, constants));
  for (const [name, position] of [...Object.entries(outputs), ...Object.entries(next)])
    if (built[position] === undefined) throw corrupt(`${name} is node ${position} of ${built.length}`);
  return {
    operationSet,
    nodes: nodes.map(
      ({ operands, scope }, index): ProgramNode => ({
        op: built[index]!.op,
        operands,
        attributes: built[index]!.attributes,
        dtype: built[index]!.dtype,
        shape: built[index]!.shape,
        ...(scope !== undefined && { scope }),
      }),
    ),
    outputs,
    next,
  };
}

const count = z.int().nonnegative();
const shape = z.array(count);
const dtype = z.enum(['f32', 'f16', 'bf16', 'i32', 'bool']);
const positions = z.record(z.string(), count);

const documentSchema = z.strictObject({
  format: z.literal('tensor-program'),
  version: z.int(),
  operationSet: z.int(),
  nodes: z.array(
    z.strictObject({
      op: z.string(),
      operands: z.array(count),
      attributes: z.record(z.string(), z.unknown()),
      dtype,
      shape,
      scope: z.string().optional(),
    }),
  ),
  outputs: positions,
  next: positions,
});

function checkedDocument(document: unknown): ProgramDocument {
  const { success, data, error } = documentSchema.safeParse(document);
  if (!success) {
    const [issue] = error.issues;
    throw corrupt(`${issue!.path.join('.') || 'the document'}: ${issue!.message}`);
  }
  if (data.version !== PROGRAM_FORMAT_VERSION || data.operationSet !== OPERATION_SET)
    throw new ProgramError(
      `the program has version ${data.version} of the format and operation set ${data.operationSet}; this version reads ${PROGRAM_FORMAT_VERSION} and ${OPERATION_SET}`,
      { hint: 'Make the program again with this version of proxy-compression.' },
    );
  return data;
}

/** Attributes as a document has them. */
type Stored<Op extends OperationName> = Op extends 'constant' ? { tensor: string } : OperationAttributes[Op];

/** What the document says of an operation: fewest and most operands, and its attributes. */
interface Form<Op extends OperationName> {
  operands: readonly [number, number];
  attributes: z.ZodType<Stored<Op>>;
}

const none = z.strictObject({});
const declaration = z.strictObject({ name: z.string(), dtype, shape });
const axes = z.strictObject({ axes: z.array(count) });
const taking = (operands: number): { operands: [number, number]; attributes: typeof none } => ({
  operands: [operands, operands],
  attributes: none,
});

const FORMS: { readonly [Op in OperationName]: Form<Op> } = {
  input: { operands: [0, 0], attributes: declaration },
  state: { operands: [0, 0], attributes: declaration },
  constant: { operands: [0, 0], attributes: z.strictObject({ tensor: z.string() }) },
  iota: { operands: [0, 0], attributes: z.strictObject({ shape, axis: count }) },
  negate: taking(1),
  exp: taking(1),
  log: taking(1),
  sqrt: taking(1),
  reciprocal: taking(1),
  sigmoid: taking(1),
  cos: taking(1),
  sin: taking(1),
  not: taking(1),
  cast: { operands: [1, 1], attributes: z.strictObject({ dtype }) },
  add: taking(2),
  subtract: taking(2),
  multiply: taking(2),
  divide: taking(2),
  maximum: taking(2),
  minimum: taking(2),
  equal: taking(2),
  less: taking(2),
  and: taking(2),
  or: taking(2),
  select: taking(3),
  sum: { operands: [1, 1], attributes: axes },
  max: { operands: [1, 1], attributes: axes },
  reshape: { operands: [1, 1], attributes: z.strictObject({ shape }) },
  broadcast: { operands: [1, 1], attributes: z.strictObject({ shape }) },
  transpose: { operands: [1, 1], attributes: z.strictObject({ permutation: z.array(count) }) },
  concat: { operands: [1, Number.POSITIVE_INFINITY], attributes: z.strictObject({ axis: count }) },
  slice: { operands: [1, 1], attributes: z.strictObject({ axis: count, start: count, size: count }) },
  pad: { operands: [1, 1], attributes: z.strictObject({ axis: count, before: count, after: count }) },
  matmul: {
    operands: [2, 2],
    attributes: z.strictObject({ transposeA: z.boolean(), transposeB: z.boolean(), scale: z.number() }),
  },
  gather: taking(2),
  scatterAdd: { operands: [2, 2], attributes: z.strictObject({ rows: count }) },
  pick: taking(2),
  updateSlice: { operands: [3, 3], attributes: z.strictObject({ axis: count }) },
  after: taking(2),
  silu: taking(1),
  swiglu: taking(2),
  softmax: taking(1),
  rmsNorm: { operands: [2, 2], attributes: z.strictObject({ epsilon: z.number() }) },
  rope: taking(3),
  attention: { operands: [3, 4], attributes: z.strictObject({ scale: z.number() }) },
  crossEntropy: taking(2),
  crossEntropyGradient: taking(3),
  linearCrossEntropy: { operands: [4, 4], attributes: z.strictObject({ chunk: z.int().positive() }) },
};

function buildNode(
  { op, operands, attributes, dtype, shape }: DocumentNode,
  index: number,
  built: readonly Node[],
  constants: ReadonlyMap<string, HostTensor>,
): Node {
  const here = `node ${index}`;
  if (!isOperationName(op)) throw corrupt(`${here} has the operation ${JSON.stringify(op)}, which does not exist`);
  const form = FORMS[op];
  const [fewest, most] = form.operands;
  if (operands.length < fewest || operands.length > most)
    throw corrupt(`${here}, ${op}, has ${operands.length} operands`);
  const nodes = operands.map((operand) => {
    if (operand < index) return built[operand]!;
    throw corrupt(`${here}, ${op}, uses node ${operand}, which does not come before it`);
  });
  const parsed = form.attributes.safeParse(attributes);
  if (!parsed.success) throw corrupt(`${here}, ${op}: ${parsed.error.issues[0]!.message}`);
  const own = 'tensor' in parsed.data ? { value: constantValue(parsed.data.tensor, here, constants) } : parsed.data;
  const inferred = inferredType(op, nodes, own, here);
  if (inferred.dtype !== dtype || !sameShape(inferred.shape, shape))
    throw corrupt(`${here}, ${op}, is ${inferred.dtype} ${show(inferred.shape)}, not ${dtype} ${show(shape)}`);
  return makeNode(op, nodes, own, inferred, null);
}

function isOperationName(op: string): op is OperationName {
  return Object.hasOwn(FORMS, op);
}

function constantValue(name: string, here: string, constants: ReadonlyMap<string, HostTensor>): HostTensor {
  const value = constants.get(name);
  if (value === undefined) throw corrupt(`${here} has the value ${JSON.stringify(name)}, which is missing`);
  return value;
}

/** What the shape rule of the operation gives. @throws ProgramError also where a rule comes upon an axis that is not there */
function inferredType(
  op: OperationName,
  nodes: readonly Node[],
  attributes: OperationAttributes[OperationName],
  here: string,
): { dtype: DType; shape: readonly number[] } {
  type Rule = (
    operands: readonly Node[],
    attributes: OperationAttributes[OperationName],
  ) => Pick<Node, 'dtype' | 'shape'>;
  const rule = (isCompositeName(op) ? composites[op] : operations[op as PrimitiveName]).infer as Rule;
  try {
    return rule(nodes, attributes);
  } catch (cause) {
    throw corrupt(`${here}, ${op}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function corrupt(what: string): ProgramError {
  return new ProgramError(`corrupt program: ${what}`);
}
