import { float32Values, type HostTensor, hostTensor } from '../graph/index.js';
import type { Executable, Inputs, Outputs, ReplicaGroup, Replication } from '../plugins/contracts.js';
import type { ReplicaPrograms } from './replica-programs.js';
import { ReplicatedState } from './replicated-state.js';
import { type ComputedGradients, headScaleInputs, type StepEngine, type StepScalars } from './step-engine.js';
import { accumulationInputs } from './step-programs.js';

/** The programs of one replica. */
interface Replica {
  microBatch: Executable;
  owned: { norm: Executable; update: Executable } | null;
}

/**
 * Data parallelism in one process. Replicas differ in their gradients while they compute and are the same before and
 * after: owners add the gradients up in the order of the replicas, update what they own, and hand it to the others.
 */
export class ReplicatedEngine implements StepEngine {
  readonly session: ReplicatedState;
  private profiled: Executable | null = null;

  private constructor(
    private readonly group: ReplicaGroup,
    private readonly programs: ReplicaPrograms,
    private readonly members: readonly Replica[],
  ) {
    this.session = new ReplicatedState(group, programs.states);
  }

  static async open(replication: Replication, programs: ReplicaPrograms): Promise<ReplicatedEngine> {
    const group = await replication.open(programs.states);
    const { threads } = group;
    try {
      const members = await Promise.all(
        group.sessions.map(async (session, index): Promise<Replica> => {
          const microBatch = await session.load(programs.microBatch, { threads });
          const owned = programs.owned[index]!;
          if (owned === null) return { microBatch, owned };
          const norm = await session.load(owned.norm, { threads });
          return { microBatch, owned: { norm, update: await session.load(owned.update, { threads }) } };
        }),
      );
      return new ReplicatedEngine(group, programs, members);
    } catch (error) {
      await group.dispose();
      throw error;
    }
  }

  get replicas(): number {
    return this.members.length;
  }

  async run(microBatches: readonly Inputs[], { headScales, update }: StepScalars): Promise<ComputedGradients> {
    const { group, programs, members, replicas } = this;
    const shares = microBatches.map((inputs) => divideRows(inputs, replicas));
    const [results] = await Promise.all([
      Promise.all(
        members.map(({ microBatch }, replica) => {
          const program = (replica === 0 ? this.profiled : null) ?? microBatch;
          return program.run(
            shares.map((share, index) => ({
              ...share[replica]!,
              ...headScaleInputs(headScales),
              ...(microBatches.length > 1 && accumulationInputs(index)),
            })),
          );
        }),
      ),
      group.sumAtOwners(programs.gradientOwners),
    ]);
    const gradientNorm = Math.fround(Math.sqrt(await this.squares()));
    await Promise.all([
      ...members.map(({ owned }) =>
        owned?.update.run([{ ...update(), gradientNorm: hostTensor('f32', [gradientNorm], []) }]),
      ),
      group.copyFromOwners(programs.parameterOwners),
    ]);
    return { results: inOrderOfRows(results), gradientNorm };
  }

  async beginProfile(prefix: string): Promise<void> {
    const { sessions, threads } = this.group;
    this.profiled = await sessions[0]!.load(this.programs.microBatch, { profile: prefix, threads });
  }

  async endProfile(): Promise<void> {
    await this.profiled?.dispose();
    this.profiled = null;
  }

  /** Σ g² of the summed gradients of all owners. */
  private async squares(): Promise<number> {
    const sums = await Promise.all(this.members.map(({ owned }) => owned?.norm.run([{}])));
    return sums.reduce((total, outputs) => total + (outputs ? float32Values(outputs[0]!.squares!)[0]! : 0), 0);
  }
}

/** Each replica's rows of the inputs of a micro-batch, [rows, …], with memory of their own. */
function divideRows(inputs: Inputs, replicas: number): Inputs[] {
  return Array.from({ length: replicas }, (_, replica) =>
    Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, shareOf(tensor, replica, replicas)])),
  );
}

function shareOf({ dtype, shape: [rows, ...rest], bytes }: HostTensor, replica: number, replicas: number): HostTensor {
  const size = bytes.byteLength / replicas;
  return { dtype, shape: [rows! / replicas, ...rest], bytes: bytes.slice(replica * size, (replica + 1) * size) };
}

/** Results by replica and micro-batch, as those of one micro-batch after the other. */
function inOrderOfRows(byReplica: readonly Outputs[][]): Outputs[] {
  return byReplica[0]!.flatMap((_, microBatch) => byReplica.map((results) => results[microBatch]!));
}
