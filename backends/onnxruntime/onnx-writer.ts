import onnxProto from 'onnx-proto';
import { type DType, elementCount, type HostTensor, type Shape } from '../../src/graph/index.js';
import type { StoredState } from '../../src/plugins/contracts.js';

const { onnx } = onnxProto;

/** Element types of ONNX tensors (onnx.proto, TensorProto.DataType). */
export const ONNX_TYPE = { f32: 1, bool: 9, f16: 10, bf16: 16, i32: 6, i64: 7 } as const satisfies Record<
  DType | 'i64',
  number
>;
export type OnnxType = keyof typeof ONNX_TYPE;

const MICROSOFT = 'com.microsoft';
/** The versions that every lowering is written for. */
const OPERATOR_SETS = [
  { domain: '', version: 17 },
  { domain: MICROSOFT, version: 1 },
];
const IR_VERSION = 8;

/** TensorProto.DataLocation. */
const EXTERNAL_DATA = 1;

/** AttributeProto.AttributeType. */
const ATTRIBUTE = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** `{ float: x }` marks a number as a float; other numbers are ints. */
export type Attributes = Readonly<Record<string, number | number[] | string | { float: number }>>;

interface OnnxNode {
  domain?: string;
  opType: string;
  name?: string;
  input: readonly string[];
  output: readonly string[];
  attribute: object[];
}

/** Collects the nodes of one ONNX graph. Values are named; a value is the output of one node, an input or an initializer. */
export class OnnxWriter {
  private readonly nodes: OnnxNode[] = [];
  private readonly inputs: object[] = [];
  private readonly outputs: object[] = [];
  private readonly initializers: object[] = [];
  private readonly computed = new Set<string>();
  /** Values that are results too: they carry the result's name in the model, which saves a copy. */
  private readonly renamed = new Map<string, string>();
  private readonly integerConstants = new Map<string, string>();
  private count = 0;

  /** @param shape null: any */
  input(name: string, type: OnnxType, shape: Shape | null): string {
    this.inputs.push(valueInfo(name, type, shape));
    return name;
  }

  /** Makes a value a result of the model under the given name; of any shape where that is null. */
  output(value: string, name: string, type: OnnxType, shape: Shape | null): void {
    if (this.computed.has(value) && !this.renamed.has(value)) this.renamed.set(value, name);
    else this.nodes.push({ opType: 'Identity', input: [value], output: [name], attribute: [] });
    this.outputs.push(valueInfo(name, type, shape));
  }

  constant({ dtype, shape, bytes }: HostTensor): string {
    return this.initializer(dtype, shape, bytes);
  }

  /** A tensor whose bytes lie in a file beside the model's. */
  external(
    name: string,
    type: OnnxType,
    shape: Shape,
    { file, offset, byteLength }: Omit<StoredState, 'name'>,
  ): string {
    const place = { location: file, offset, length: byteLength };
    const externalData = Object.entries(place).map(([key, value]) => ({ key, value: String(value) }));
    this.initializers.push({
      name,
      dims: [...shape],
      dataType: ONNX_TYPE[type],
      dataLocation: EXTERNAL_DATA,
      externalData,
    });
    return name;
  }

  /** A tensor of 64-bit integers, as axes, shapes and indices are given. */
  integers(values: readonly number[], shape: Shape = [values.length]): string {
    const key = `${shape}:${values}`;
    const known = this.integerConstants.get(key);
    if (known) return known;
    const name = this.initializer('i64', shape, new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
    this.integerConstants.set(key, name);
    return name;
  }

  /** Adds an operator of the standard set and returns the name of its first output. */
  add(operator: string, inputs: readonly string[], attributes: Attributes = {}, label = ''): string {
    return this.node('', operator, inputs, attributes, label);
  }

  /** Adds an operator of the runtime's own set. */
  addMicrosoft(operator: string, inputs: readonly string[], attributes: Attributes = {}, label = ''): string {
    return this.node(MICROSOFT, operator, inputs, attributes, label);
  }

  encode(): Uint8Array {
    const nameOf = (value: string) => this.renamed.get(value) ?? value;
    const graph = {
      name: 'program',
      node: this.nodes.map((node) => ({ ...node, input: node.input.map(nameOf), output: node.output.map(nameOf) })),
      input: this.inputs,
      output: this.outputs,
      initializer: this.initializers,
    };
    return onnx.ModelProto.encode({ irVersion: IR_VERSION, opsetImport: OPERATOR_SETS, graph }).finish();
  }

  private node(
    domain: string,
    opType: string,
    input: readonly string[],
    attributes: Attributes,
    label: string,
  ): string {
    const output = `v${this.count++}`;
    const name = label ? `${label}/${opType}_${this.count}` : `${opType}_${this.count}`;
    this.computed.add(output);
    this.nodes.push({
      domain,
      opType,
      name,
      input,
      output: [output],
      attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    });
    return output;
  }

  private initializer(type: OnnxType, shape: Shape, rawData: Uint8Array): string {
    const name = `c${this.initializers.length}`;
    this.initializers.push({ name, dims: [...shape], dataType: ONNX_TYPE[type], rawData });
    return name;
  }
}

function valueInfo(name: string, type: OnnxType, shape: Shape | null): object {
  const dims = shape && { shape: { dim: shape.map((dimValue) => ({ dimValue })) } };
  return { name, type: { tensorType: { elemType: ONNX_TYPE[type], ...dims } } };
}

function attribute(name: string, value: Attributes[string]): object {
  if (typeof value === 'number') return { name, i: value, type: ATTRIBUTE.int };
  if (typeof value === 'string') return { name, s: Buffer.from(value), type: ATTRIBUTE.string };
  if (Array.isArray(value)) return { name, ints: value, type: ATTRIBUTE.ints };
  return { name, f: value.float, type: ATTRIBUTE.float };
}

/** 0, 1, 2, … size − 1 as 32-bit integers. */
export function range(size: number): HostTensor {
  const data = Int32Array.from({ length: size }, (_, index) => index);
  return { dtype: 'i32', shape: [size], bytes: new Uint8Array(data.buffer) };
}

/** Row-major index tuples of a shape, flattened: [elements, rank]. */
export function indexTuples(shape: Shape): number[] {
  const tuples: number[] = [];
  const total = elementCount(shape);
  for (let element = 0; element < total; element++) {
    let rest = element;
    const tuple: number[] = [];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      tuple.unshift(rest % shape[axis]!);
      rest = Math.floor(rest / shape[axis]!);
    }
    tuples.push(...tuple);
  }
  return tuples;
}
