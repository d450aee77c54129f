import type { Tensor } from 'onnxruntime-node';
import type { StateSlice, StateSpec } from '../../src/plugins/contracts.js';

/** The state of a session, wherever its tensors lie: what programs read, and where their results become what the next run reads. */
export interface SessionState {
  readonly names: string[];
  spec(name: string): StateSpec;
  /** What a run is fed with. */
  current(name: string): Tensor | Promise<Tensor>;
  /** What a run writes the next value of an entry to; null: the run makes a tensor. `inPlace`: where the current one lies. */
  target(name: string, inPlace: boolean): Tensor | null;
  /** After a run: its result is the value of the entry. */
  accept(name: string, result: Tensor, inPlace: boolean): void;
  write(slice: StateSlice): void | Promise<void>;
  /** A snapshot keeps the values of its moment, until it has been read or is ended. */
  beginSnapshot(names: readonly string[]): number;
  readSnapshot(id: number, name: string): StateSlice | Promise<StateSlice>;
  endSnapshot(id: number): void;
  /** Called before a program is released, whose results may be part of the state. */
  detach(): void | Promise<void>;
  /** Frees memory outside of the thread's, before programs are released. */
  dispose(): void | Promise<void>;
}
