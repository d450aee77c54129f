import type { Rematerialisation } from '../data/options.js';
import { float32Values } from '../graph/index.js';
import type { LanguageModel } from '../models/index.js';
import type {
  Backend,
  Inputs,
  Replication,
  Session,
  SessionWork,
  StateSlice,
  StateSpec,
} from '../plugins/contracts.js';
import { lossScales } from './loss-scales.js';
import { updateScalars } from './optimizer.js';
import type { LossOptions, OptimOptions } from './options.js';
import { buildReplicaPrograms, type ReplicaPrograms } from './replica-programs.js';
import { replicasOf } from './replicas.js';
import { ReplicatedEngine } from './replicated-engine.js';
import { SingleSession, type StepEngine } from './step-engine.js';
import { buildStepPrograms, parameterState, type StepPrograms, scalarInputs } from './step-programs.js';

export interface TrainingSessionOptions {
  model: LanguageModel;
  /** Sequences of one optimizer step over all processes, micro-batches, and symbols of a sequence. */
  batch: { size: number; accumulation: number; sequenceLength: number; rematerialise: Rematerialisation };
  loss: LossOptions;
  optim: OptimOptions;
  /** Replicas of the run that is resumed; null or absent: there is none. */
  replicas?: number | null;
}

/** What one optimizer step found, over all its micro-batches. */
export interface StepResult {
  /** The number that was differentiated. */
  loss: number;
  /** Mean loss of each head, main heads first, weighted as in the loss; nats. */
  headLosses: number[];
  /** Σ −log p(label) of head 0 in nats. */
  nats: number;
  /** L2 norm of the gradient before clipping. */
  gradientNorm: number;
}

/** A model, its optimizer and the programs of a step, on a backend. */
export class TrainingSession {
  private constructor(
    private readonly engine: StepEngine,
    /** Parameters and moments: what checkpoints hold; sums of gradients are not part of what a run is. */
    readonly stateSpecs: readonly StateSpec[],
    private readonly backend: Backend,
    private readonly options: TrainingSessionOptions,
  ) {}

  /** @throws ConfigError for a number of replicas that does not divide the rows of a micro-batch */
  static async open(backend: Backend, options: TrainingSessionOptions): Promise<TrainingSession> {
    const { model } = options;
    return new TrainingSession(
      await openEngine(backend, options),
      model.parameters.flatMap(parameterState),
      backend,
      options,
    );
  }

  /** The state, and where programs run that look at the model. */
  get session(): Session {
    return this.engine.session;
  }

  /** How many copies of the model train side by side. */
  get replicas(): number {
    return this.engine.replicas;
  }

  /**
   * One optimizer step.
   * @param microBatches inputs of each, which are taken over
   * @param learningRate of this update, after the schedule
   * @param updateNumber from 1
   */
  async step(
    microBatches: readonly Inputs[],
    { learningRate, updateNumber }: { learningRate: number; updateNumber: number },
  ): Promise<StepResult> {
    const { scales, denominators } = await lossScales(this.options, microBatches, this.backend);
    const scalars = updateScalars(this.options.optim, learningRate, updateNumber);
    const { results, gradientNorm } = await this.engine.run(microBatches, {
      headScales: scales,
      update: () => scalarInputs(scalars),
    });
    const total = (name: string, index = 0) =>
      results.reduce((sum, outputs) => sum + float32Values(outputs[name]!)[index]!, 0);
    return {
      loss: total('loss'),
      headLosses: denominators.map((denominator, head) => total('weightedNats', head) / denominator),
      nats: total('nats'),
      gradientNorm,
    };
  }

  /** Steps from now on are measured operation by operation, until `endProfile` has the measurements written. */
  beginProfile(prefix: string): Promise<void> {
    return this.engine.beginProfile(prefix);
  }

  endProfile(): Promise<void> {
    return this.engine.endProfile();
  }

  /** Parameters and moments as of the call. */
  snapshot(): AsyncIterable<StateSlice> {
    return this.session.snapshot(this.stateSpecs.map(({ name }) => name));
  }

  async dispose(): Promise<void> {
    await this.session.dispose();
  }
}

/** Sequences of a micro-batch that one program computes on. */
export function rowsOfProgram(
  { programs, topology }: Pick<Backend, 'programs' | 'topology'>,
  { size, accumulation }: { size: number; accumulation: number },
): number {
  return size / accumulation / (programs === 'together' ? 1 : topology.world);
}

/** What a training session of these options holds and runs: one entry a replica. */
export function plannedSessions(backend: Backend, options: TrainingSessionOptions): SessionWork[] {
  const { replicated, single } = planEngine(backend, options);
  if (single)
    return [{ state: single.state, programs: [single.microBatch, ...(single.update ? [single.update] : [])] }];
  const { states, microBatch, owned } = replicated.programs;
  return states.map((state, replica) => {
    const own = owned[replica];
    return { state, programs: [microBatch, ...(own ? [own.norm, own.update] : [])] };
  });
}

async function openEngine(backend: Backend, options: TrainingSessionOptions): Promise<StepEngine> {
  const { replicated, single } = planEngine(backend, options);
  if (replicated) return ReplicatedEngine.open(replicated.replication, replicated.programs);
  return SingleSession.open(await backend.open(single.state), single);
}

type EnginePlan =
  | { replicated: { replication: Replication; programs: ReplicaPrograms }; single: null }
  | { replicated: null; single: StepPrograms };

function planEngine(backend: Backend, options: TrainingSessionOptions): EnginePlan {
  const { model, batch, loss, optim } = options;
  const rows = rowsOfProgram(backend, batch);
  const replicas = replicasOf(backend.replication, model, rows, options.replicas ?? null);
  const step = {
    batch: { rows: rows / replicas, sequenceLength: batch.sequenceLength },
    loss: { documentMask: loss.documentMask, weighted: loss.multibyteMask, chunkTokens: loss.chunkTokens },
    optim,
    accumulation: batch.accumulation,
    rematerialise: batch.rematerialise,
  };
  if (backend.replication && replicas > 1) {
    const programs = buildReplicaPrograms(model, step, replicas);
    return { replicated: { replication: backend.replication, programs }, single: null };
  }
  return { replicated: null, single: buildStepPrograms(model, step) };
}
