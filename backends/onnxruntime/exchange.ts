import type { Exchange } from './protocol.js';

/**
 * A replica's side of an exchange. ONNX Runtime refuses tensors over shared memory, so values are copied into the
 * replica's own region, and out of those of others. The group sees to it that all have written before any reads.
 */

/** The float32 state of a replica. */
export interface ReplicaState {
  values(name: string): Float32Array;
  writable(name: string): Float32Array;
}

/** Elements that are added up at a time, so that the sums stay in the cache. */
const BLOCK = 4096;

export function publish(state: ReplicaState, { regions, replica, entries }: Exchange): void {
  for (const { name, offset } of entries) {
    const values = state.values(name);
    new Float32Array(regions[replica]!, offset, values.length).set(values);
  }
}

/** Own values are not published: they are added from the state itself, in the replica's turn. */
export function sum(state: ReplicaState, { regions, replica, entries }: Exchange): void {
  for (const { name, offset } of entries) {
    const own = state.writable(name);
    addUp(
      own,
      regions.map((region, index) => (index === replica ? own : new Float32Array(region, offset, own.length))),
    );
  }
}

export function adopt(state: ReplicaState, { regions, entries }: Exchange): void {
  for (const { name, offset, owner } of entries) {
    const values = state.writable(name);
    values.set(new Float32Array(regions[owner]!, offset, values.length));
  }
}

/** Σ parts, in their order; `target` may be one of them. */
function addUp(target: Float32Array, [first, ...others]: readonly Float32Array[]): void {
  const sums = new Float32Array(BLOCK);
  for (let from = 0; from < target.length; from += BLOCK) {
    const length = Math.min(BLOCK, target.length - from);
    sums.set(first!.subarray(from, from + length));
    for (const part of others) for (let i = 0; i < length; i++) sums[i]! += part[from + i]!;
    target.set(sums.subarray(0, length), from);
  }
}
