import type { Tensor } from 'onnxruntime-node';
import { byteLength, type HostTensor } from '../../src/graph/index.js';
import type { StateSlice, StateSpec } from '../../src/plugins/contracts.js';
import { checkSlice, wholeSlice, writeSlice } from '../../src/plugins/session-thread/index.js';
import { BackendError } from '../../src/support/errors.js';
import type { SessionState } from './session-state.js';
import { WebgpuTransfers } from './webgpu-transfers.js';

/**
 * State that stays on the GPU. Every run makes new tensors for what it changes; those that they replace are released,
 * unless a snapshot holds them. The memory of a tensor is that of the program that made it, and must be freed before the
 * program is (1.30.0: else the process ends).
 */
export class WebgpuState implements SessionState {
  private readonly specs: ReadonlyMap<string, StateSpec>;
  /** Entries are zeros, which nobody has asked for yet, until they are here. */
  private readonly tensors = new Map<string, Tensor>();
  private readonly snapshots = new Map<number, Map<string, Tensor | null>>();
  private readonly transfers = new WebgpuTransfers();
  private snapshotCount = 0;

  constructor(specs: readonly StateSpec[]) {
    this.specs = new Map(specs.map((spec) => [spec.name, spec]));
  }

  get names(): string[] {
    return [...this.specs.keys()];
  }

  spec(name: string): StateSpec {
    const spec = this.specs.get(name);
    if (!spec) throw new BackendError('corrupt-program', `the session has no state named ${name}`);
    return spec;
  }

  async current(name: string): Promise<Tensor> {
    const known = this.tensors.get(name);
    if (known) return known;
    const made = await this.transfers.upload(zeros(this.spec(name)));
    this.tensors.set(name, made);
    return made;
  }

  target(): null {
    return null;
  }

  accept(name: string, result: Tensor): void {
    const before = this.tensors.get(name);
    this.tensors.set(name, result);
    if (before) this.release(before);
  }

  async write(slice: StateSlice): Promise<void> {
    const spec = this.spec(slice.name);
    checkSlice(spec, slice);
    const isWhole = slice.tensor.bytes.byteLength === byteLength(spec.dtype, spec.shape);
    const value = isWhole ? slice.tensor : await this.read(spec, this.tensors.get(spec.name) ?? null);
    if (!isWhole) writeSlice(value, slice);
    this.accept(spec.name, await this.transfers.upload(value));
  }

  beginSnapshot(names: readonly string[]): number {
    const id = this.snapshotCount++;
    this.snapshots.set(id, new Map(names.map((name) => [this.spec(name).name, this.tensors.get(name) ?? null])));
    return id;
  }

  async readSnapshot(id: number, name: string): Promise<StateSlice> {
    const held = this.snapshots.get(id);
    const tensor = held?.get(name);
    if (!held || tensor === undefined) throw new BackendError('failed', `snapshot ${id} does not hold ${name}`);
    const spec = this.spec(name);
    const value = await this.read(spec, tensor);
    held.delete(name);
    if (tensor) this.release(tensor);
    return wholeSlice(spec, value);
  }

  endSnapshot(id: number): void {
    const held = this.snapshots.get(id);
    this.snapshots.delete(id);
    for (const tensor of held?.values() ?? []) if (tensor) this.release(tensor);
  }

  async detach(): Promise<void> {
    const copies = new Map<Tensor, Tensor>();
    const renew = async (name: string, tensor: Tensor): Promise<Tensor> => {
      const copy = copies.get(tensor) ?? (await this.transfers.copy(tensor, this.spec(name).dtype));
      copies.set(tensor, copy);
      return copy;
    };
    for (const tensors of [this.tensors, ...this.snapshots.values()])
      for (const [name, tensor] of tensors) if (tensor) tensors.set(name, await renew(name, tensor));
    for (const tensor of copies.keys()) tensor.dispose();
  }

  async dispose(): Promise<void> {
    const held = [...this.snapshots.values()].flatMap((tensors) => [...tensors.values()]);
    for (const tensor of new Set([...this.tensors.values(), ...held])) tensor?.dispose();
    this.tensors.clear();
    this.snapshots.clear();
    await this.transfers.dispose();
  }

  private async read(spec: StateSpec, tensor: Tensor | null): Promise<HostTensor> {
    return tensor ? this.transfers.download(tensor, spec.dtype) : zeros(spec);
  }

  /** Frees a tensor that is neither current nor of a snapshot. */
  private release(tensor: Tensor): void {
    for (const other of this.tensors.values()) if (other === tensor) return;
    for (const held of this.snapshots.values()) for (const other of held.values()) if (other === tensor) return;
    tensor.dispose();
  }
}

function zeros({ dtype, shape }: StateSpec): HostTensor {
  return { dtype, shape: [...shape], bytes: new Uint8Array(byteLength(dtype, shape)) };
}
