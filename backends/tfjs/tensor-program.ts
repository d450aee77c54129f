import type { Tensor } from '@tensorflow/tfjs-core';
import { declarations, type HostTensor, optimise, type Program } from '../../src/graph/index.js';
import type { Inputs, Outputs, StateSpec } from '../../src/plugins/contracts.js';
import { checkInput } from '../../src/plugins/session-thread/index.js';
import { fromTensor, kernelOf, toTensor } from './kernels.js';
import type { TensorFlow } from './tensorflow.js';

/** A program that TensorFlow.js runs operation by operation. */
export class TensorProgram {
  private readonly program: Program;
  private readonly inputs: ReadonlyMap<string, StateSpec>;
  /** Of each node: how many read it, results and next values included. */
  private readonly readers: readonly number[];
  /** Constants, which every run shares. */
  private readonly constants = new Map<number, Tensor>();

  constructor(
    private readonly tf: TensorFlow,
    source: Program,
  ) {
    this.program = optimise(source, (name) => name === 'softmax');
    const { nodes, outputs, next } = this.program;
    this.inputs = new Map(declarations(this.program, 'input').map((spec) => [spec.name, spec]));
    const readers = nodes.map(() => 0);
    for (const index of [
      ...nodes.flatMap(({ operands }) => operands),
      ...Object.values(outputs),
      ...Object.values(next),
    ])
      readers[index]!++;
    this.readers = readers;
  }

  /**
   * Runs the program once.
   *
   * @param state the value of an entry; stays its owner's
   * @returns results, and next values of state, which are the caller's to free
   * @throws BackendError for inputs that are not as declared
   */
  async run(given: Inputs, state: (name: string) => Tensor): Promise<{ outputs: Outputs; next: Map<string, Tensor> }> {
    const { nodes, outputs, next } = this.program;
    const values: (Tensor | undefined)[] = [];
    const left = [...this.readers];
    const value = (index: number) => values[index]!;
    const release = (index: number) => {
      if (--left[index]! > 0) return;
      values[index]!.dispose();
      values[index] = undefined;
    };
    try {
      for (const [index, { op, operands, attributes, dtype, shape }] of nodes.entries()) {
        values[index] =
          this.declared(index, given, state) ??
          this.tf.tidy(() =>
            kernelOf(op)({ tf: this.tf, operands: operands.map(value), attributes: attributes as never, dtype, shape }),
          );
        for (const operand of operands) release(operand);
      }
      const results: Outputs = {};
      for (const [name, index] of Object.entries(outputs))
        results[name] = await fromTensor(value(index), nodes[index]!.dtype);
      const nextValues = new Map(Object.entries(next).map(([name, index]) => [name, value(index).clone()]));
      return { outputs: results, next: nextValues };
    } finally {
      for (const tensor of values) tensor?.dispose();
    }
  }

  dispose(): void {
    for (const tensor of this.constants.values()) tensor.dispose();
    this.constants.clear();
  }

  /** The value of a node that nothing computes; undefined: something does. */
  private declared(index: number, given: Inputs, state: (name: string) => Tensor): Tensor | undefined {
    const { op, attributes } = this.program.nodes[index]!;
    if (op === 'state') return state((attributes as { name: string }).name).clone();
    if (op === 'input') {
      const { name } = attributes as { name: string };
      return toTensor(this.tf, checkInput(this.inputs.get(name)!, given[name]));
    }
    if (op !== 'constant') return undefined;
    const known = this.constants.get(index) ?? toTensor(this.tf, (attributes as { value: HostTensor }).value);
    this.constants.set(index, known);
    return known.clone();
  }
}
