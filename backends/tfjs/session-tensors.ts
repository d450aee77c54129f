import type { Tensor } from '@tensorflow/tfjs-core';
import { byteLength, type Program } from '../../src/graph/index.js';
import type { Inputs, LoadOptions, Outputs, StateSlice, StateSpec } from '../../src/plugins/contracts.js';
import {
  checkSlice,
  checkState,
  type SessionHandlers,
  slicesOfMessage,
  wholeSlice,
  writeSlice,
} from '../../src/plugins/session-thread/index.js';
import { BackendError } from '../../src/support/errors.js';
import { fromTensor, toTensor } from './kernels.js';
import { TensorProgram } from './tensor-program.js';
import type { TensorFlow } from './tensorflow.js';

interface Entry {
  spec: StateSpec;
  tensor: Tensor;
}

/** A session within the thread that owns it. Tensors never change: a snapshot holds those of its moment. */
export class SessionTensors {
  private readonly entries: Map<string, Entry>;
  private readonly programs = new Map<number, TensorProgram>();
  private readonly snapshots = new Map<number, Map<string, Tensor>>();
  private count = 0;

  constructor(
    private readonly tf: TensorFlow,
    specs: readonly StateSpec[],
  ) {
    this.entries = new Map(specs.map((spec) => [spec.name, { spec, tensor: zeros(tf, spec) }]));
  }

  readonly handlers: SessionHandlers = {
    load: ({ program, options }) => this.load(program, options),
    run: async ({ executable, steps }) => {
      const program = this.programs.get(executable);
      if (!program) throw new BackendError('failed', 'the executable has been disposed of');
      const results: Outputs[] = [];
      for (const step of steps) results.push(await this.runStep(program, step));
      return results;
    },
    unload: ({ executable }) => {
      this.programs.get(executable)?.dispose();
      this.programs.delete(executable);
      return null;
    },
    snapshot: ({ names }) => {
      const wanted = names ?? [...this.entries.keys()];
      const id = this.count++;
      this.snapshots.set(id, new Map(wanted.map((name) => [name, this.entry(name).tensor.clone()])));
      return { snapshot: id, names: wanted };
    },
    readSnapshot: ({ snapshot, names }) => slicesOfMessage(names, (name) => this.readSnapshot(snapshot, name)),
    endSnapshot: ({ snapshot }) => {
      for (const tensor of this.snapshots.get(snapshot)?.values() ?? []) tensor.dispose();
      this.snapshots.delete(snapshot);
      return null;
    },
    write: async (slice) => {
      await this.write(slice);
      return null;
    },
    close: () => {
      for (const { tensor } of this.entries.values()) tensor.dispose();
      for (const held of this.snapshots.values()) for (const tensor of held.values()) tensor.dispose();
      for (const program of this.programs.values()) program.dispose();
      return null;
    },
  };

  private load(program: Program, { profile }: LoadOptions): number {
    if (profile !== undefined)
      throw new BackendError('unsupported-operation', 'the backend tfjs writes no profiles', {
        hint: 'Leave out --profile, or use the backend onnxruntime.',
      });
    checkState(program, (name) => this.entry(name).spec);
    const id = this.count++;
    this.programs.set(id, new TensorProgram(this.tf, program));
    return id;
  }

  private async runStep(program: TensorProgram, step: Inputs): Promise<Outputs> {
    const { outputs, next } = await program.run(step, (name) => this.entry(name).tensor);
    for (const [name, tensor] of next) this.replace(name, tensor);
    return outputs;
  }

  private async readSnapshot(id: number, name: string): Promise<StateSlice> {
    const held = this.snapshots.get(id);
    const tensor = held?.get(name);
    if (!held || !tensor) throw new BackendError('failed', `snapshot ${id} does not hold ${name}`);
    const { spec } = this.entry(name);
    const read = await fromTensor(tensor, spec.dtype);
    tensor.dispose();
    held.delete(name);
    return wholeSlice(spec, read);
  }

  private async write(slice: StateSlice): Promise<void> {
    const { spec, tensor } = this.entry(slice.name);
    checkSlice(spec, slice);
    const isWhole = slice.tensor.bytes.byteLength === byteLength(spec.dtype, spec.shape);
    const whole = isWhole ? slice.tensor : await fromTensor(tensor, spec.dtype);
    if (!isWhole) writeSlice(whole, slice);
    this.replace(slice.name, toTensor(this.tf, whole));
  }

  private replace(name: string, tensor: Tensor): void {
    const entry = this.entry(name);
    entry.tensor.dispose();
    entry.tensor = tensor;
  }

  private entry(name: string): Entry {
    const entry = this.entries.get(name);
    if (!entry) throw new BackendError('corrupt-program', `the session has no state named ${name}`);
    return entry;
  }
}

function zeros(tf: TensorFlow, { dtype, shape }: StateSpec): Tensor {
  return toTensor(tf, { dtype, shape, bytes: new Uint8Array(byteLength(dtype, shape)) });
}
