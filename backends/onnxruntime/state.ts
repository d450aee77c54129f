import { totalmem } from 'node:os';
import { Tensor } from 'onnxruntime-node';
import { byteLength, type DType, type HostTensor } from '../../src/graph/index.js';
import type { StateSlice, StateSpec } from '../../src/plugins/contracts.js';
import { checkSlice, wholeSlice, writeSlice } from '../../src/plugins/session-thread/index.js';
import { BackendError } from '../../src/support/errors.js';
import type { SessionState } from './session-state.js';

const ORT_TYPE = { f32: 'float32', i32: 'int32', bool: 'bool', f16: 'float16' } as const;

/** A tensor over the same bytes; they are copied only where they are not aligned. */
export function toOrt({ dtype, shape, bytes }: HostTensor): Tensor {
  if (dtype === 'bf16')
    throw new BackendError('unsupported-operation', 'ONNX Runtime on the CPU has no bfloat16 tensors');
  const { buffer, byteOffset, byteLength: size } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  if (dtype === 'f32') return new Tensor('float32', new Float32Array(buffer, byteOffset, size / 4), shape);
  if (dtype === 'i32') return new Tensor('int32', new Int32Array(buffer, byteOffset, size / 4), shape);
  return new Tensor(
    ORT_TYPE[dtype],
    dtype === 'bool' ? new Uint8Array(buffer, byteOffset, size) : new Uint16Array(buffer, byteOffset, size / 2),
    shape,
  );
}

/** The bytes of a tensor in host memory, without a copy. */
function bytesOf({ data }: Tensor): Uint8Array {
  if (!ArrayBuffer.isView(data)) throw new BackendError('failed', 'a tensor of strings');
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function float32Of({ data }: Tensor): Float32Array {
  if (!(data instanceof Float32Array))
    throw new BackendError('unsupported-operation', 'replicas exchange float32 state only');
  return data;
}

export function fromOrt(tensor: Tensor): HostTensor {
  const dtype = (Object.keys(ORT_TYPE) as (keyof typeof ORT_TYPE)[]).find((name) => ORT_TYPE[name] === tensor.type);
  if (!dtype) throw new BackendError('failed', `a result of type ${tensor.type}`);
  return { dtype, shape: [...tensor.dims], bytes: bytesOf(tensor) };
}

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

interface Entry {
  spec: StateSpec;
  current: Tensor;
  /** Where the next value is written; the two change places after a run. */
  spare: Tensor | null;
}

/**
 * The tensors of a session. Every entry that programs write has two buffers, which change places after each run, so
 * that a step allocates nothing. A snapshot keeps the buffers of its moment: a run that would write into one of them
 * gets a fresh one instead.
 */
export class StateStore implements SessionState {
  private readonly entries: Map<string, Entry>;
  private readonly snapshots = new Map<number, Map<string, Tensor>>();
  private snapshotCount = 0;

  /** @throws BackendError if the entries cannot fit in the machine's memory */
  constructor(specs: readonly StateSpec[]) {
    const bytes = specs.reduce((total, { dtype, shape }) => total + byteLength(dtype, shape), 0);
    if (bytes > totalmem())
      throw new BackendError(
        'out-of-memory',
        `the state takes ${gibibytes(bytes)}, and this machine has ${gibibytes(totalmem())}`,
        {
          hint: 'Choose a smaller model; `pc configs list` shows the presets and their sizes.',
        },
      );
    this.entries = new Map(
      specs.map((spec) => [spec.name, { spec, current: zeros(spec.dtype, spec.shape), spare: null }]),
    );
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  spec(name: string): StateSpec {
    return this.entry(name).spec;
  }

  current(name: string): Tensor {
    return this.entry(name).current;
  }

  /** The values of a float32 entry, to be read. */
  values(name: string): Float32Array {
    return float32Of(this.current(name));
  }

  /** The values of a float32 entry, to be written; a snapshot keeps those of its moment. */
  writable(name: string): Float32Array {
    return float32Of(this.target(name, true));
  }

  /** The buffer for the next value of an entry; `inPlace` gives the current one, unless a snapshot holds it. */
  target(name: string, inPlace: boolean): Tensor {
    const entry = this.entry(name);
    if (inPlace) {
      if (this.isHeld(entry.current)) entry.current = copy(entry.current, entry.spec.dtype);
      return entry.current;
    }
    if (!entry.spare || this.isHeld(entry.spare)) entry.spare = zeros(entry.spec.dtype, entry.spec.shape);
    return entry.spare;
  }

  /** The run wrote into `target`: what `result` is another object over. */
  accept(name: string, _result: Tensor, inPlace: boolean): void {
    if (inPlace) return;
    const entry = this.entry(name);
    [entry.current, entry.spare] = [entry.spare!, entry.current];
  }

  write(slice: StateSlice): void {
    const entry = this.entry(slice.name);
    const { dtype, shape } = entry.spec;
    checkSlice(entry.spec, slice);
    if (this.isHeld(entry.current)) entry.current = copy(entry.current, dtype);
    writeSlice({ dtype, shape, bytes: bytesOf(entry.current) }, slice);
  }

  beginSnapshot(names: readonly string[]): number {
    const id = this.snapshotCount++;
    this.snapshots.set(id, new Map(names.map((name) => [name, this.current(name)])));
    return id;
  }

  readSnapshot(id: number, name: string): StateSlice {
    const held = this.snapshots.get(id);
    const tensor = held?.get(name);
    if (!held || !tensor) throw new BackendError('failed', `snapshot ${id} does not hold ${name}`);
    const { dtype, shape } = this.spec(name);
    const bytes = bytesOf(tensor).slice();
    held.delete(name);
    return wholeSlice(this.spec(name), { dtype, shape, bytes });
  }

  endSnapshot(id: number): void {
    this.snapshots.delete(id);
  }

  detach(): void {}

  dispose(): void {}

  get names(): string[] {
    return [...this.entries.keys()];
  }

  private isHeld(tensor: Tensor): boolean {
    for (const held of this.snapshots.values()) for (const other of held.values()) if (other === tensor) return true;
    return false;
  }

  private entry(name: string): Entry {
    const entry = this.entries.get(name);
    if (!entry) throw new BackendError('corrupt-program', `the session has no state named ${name}`);
    return entry;
  }
}

function zeros(dtype: DType, shape: readonly number[]): Tensor {
  return toOrt({ dtype, shape: [...shape], bytes: new Uint8Array(byteLength(dtype, shape)) });
}

function copy(tensor: Tensor, dtype: DType): Tensor {
  return toOrt({ dtype, shape: [...tensor.dims], bytes: bytesOf(tensor).slice() });
}
