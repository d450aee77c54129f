import type { Program } from '../graph/index.js';
import type { Executable, LoadOptions, ReplicaGroup, Session, StateSlice, StateSpec } from '../plugins/contracts.js';
import { releasing } from '../support/releasing-iterator.js';

/**
 * The state of all replicas as that of one session: what is written goes to all that hold it, what is read comes from the
 * first of them. Programs run in the first replica, with all threads: they may look at the model, and not change it.
 */
export class ReplicatedState implements Session {
  /** By name: the replicas that hold an entry. */
  private readonly holders = new Map<string, number[]>();

  constructor(
    private readonly group: ReplicaGroup,
    states: readonly StateSpec[][],
  ) {
    for (const [replica, specs] of states.entries())
      for (const { name } of specs) this.holders.set(name, [...(this.holders.get(name) ?? []), replica]);
  }

  load(program: Program, options?: LoadOptions): Promise<Executable> {
    const changed = Object.keys(program.next);
    if (changed.length > 0) throw new RangeError(`the replicas would differ in ${changed[0]}`);
    return this.group.sessions[0]!.load(program, options);
  }

  snapshot(names: string[] = [...this.holders.keys()]): AsyncIterableIterator<StateSlice> {
    const { sessions } = this.group;
    const parts = sessions.map((session, replica) => {
      const own = names.filter((name) => this.firstHolder(name) === replica);
      return session.snapshot(own)[Symbol.asyncIterator]();
    });
    const release = async (): Promise<void> => {
      await Promise.all(parts.map((part) => part.return?.()));
    };
    return releasing(this.inOrder(names, parts, release), release);
  }

  async writeState(slices: AsyncIterable<StateSlice> | Iterable<StateSlice>): Promise<void> {
    for await (const slice of slices)
      await Promise.all(
        (this.holders.get(slice.name) ?? [0]).map((replica) => this.group.sessions[replica]!.writeState([slice])),
      );
  }

  dispose(): Promise<void> {
    return this.group.dispose();
  }

  private firstHolder(name: string): number {
    return this.holders.get(name)?.[0] ?? 0;
  }

  /** The slices of all replicas in the order of names, so that checkpoints look alike however many wrote them. */
  private async *inOrder(
    names: readonly string[],
    parts: readonly AsyncIterator<StateSlice>[],
    release: () => Promise<void>,
  ): AsyncGenerator<StateSlice, undefined> {
    try {
      for (const name of names) {
        const { done, value } = await parts[this.firstHolder(name)]!.next();
        if (done) throw new RangeError(`a snapshot ended before ${name}`);
        yield value;
      }
    } finally {
      // None of the parts was asked for more than its last slice: they do not know that they are at their ends.
      await release();
    }
  }
}
