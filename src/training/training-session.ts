import { float32Values, hostTensor } from '../graph/index.js';
import type { LanguageModel } from '../models/index.js';
import type { Backend, Executable, Inputs, Outputs, Session, StateSlice } from '../plugins/contracts.js';
import { lossScales } from './loss-scales.js';
import { updateScalars } from './optimizer.js';
import type { LossOptions, OptimOptions } from './options.js';
import { accumulationInputs, buildStepPrograms, type StepPrograms, scalarInputs } from './step-programs.js';

export interface TrainingSessionOptions {
  model: LanguageModel;
  /** Sequences of one optimizer step over all processes, micro-batches, and symbols of a sequence. */
  batch: { size: number; accumulation: number; sequenceLength: number; rematerialise: boolean };
  loss: LossOptions;
  optim: OptimOptions;
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
  /** The micro-batch program under the runtime's profiler, while one is measured. */
  private profiled: Executable | null = null;

  private constructor(
    readonly session: Session,
    private readonly programs: StepPrograms,
    private readonly microBatch: Executable,
    private readonly update: Executable | null,
    private readonly backend: Backend,
    private readonly options: TrainingSessionOptions,
  ) {}

  static async open(backend: Backend, options: TrainingSessionOptions): Promise<TrainingSession> {
    const { model, batch, loss, optim } = options;
    const programs = buildStepPrograms(model, {
      batch: { rows: batch.size / batch.accumulation / backend.topology.world, sequenceLength: batch.sequenceLength },
      loss: { documentMask: loss.documentMask, weighted: loss.multibyteMask, chunkTokens: loss.chunkTokens },
      optim,
      accumulation: batch.accumulation,
      rematerialise: batch.rematerialise,
    });
    const session = await backend.open(programs.state);
    const microBatch = await session.load(programs.microBatch);
    const update = programs.update && (await session.load(programs.update));
    return new TrainingSession(session, programs, microBatch, update, backend, options);
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
    const headScale = () => ({ headScale: hostTensor('f32', scales) });
    const applying = scalarInputs(updateScalars(this.options.optim, learningRate, updateNumber));
    const program = this.profiled ?? this.microBatch;
    const results: Outputs[] = [];
    for (const [index, inputs] of microBatches.entries()) {
      const extra = this.update ? accumulationInputs(index) : applying;
      results.push(...(await program.run([{ ...inputs, ...headScale(), ...extra }])));
    }
    const [last] = this.update ? await this.update.run([applying]) : [results.at(-1)!];
    const total = (name: string, index = 0) =>
      results.reduce((sum, outputs) => sum + float32Values(outputs[name]!)[index]!, 0);
    return {
      loss: total('loss'),
      headLosses: denominators.map((denominator, head) => total('weightedNats', head) / denominator),
      nats: total('nats'),
      gradientNorm: float32Values(last!.gradientNorm!)[0]!,
    };
  }

  /** Steps from now on are measured operation by operation, until `endProfile` has the measurements written. */
  async beginProfile(prefix: string): Promise<void> {
    this.profiled = await this.session.load(this.programs.microBatch, { profile: prefix });
  }

  async endProfile(): Promise<void> {
    await this.profiled?.dispose();
    this.profiled = null;
  }

  /** Parameters and moments as of the call; sums of gradients are not part of what a run is. */
  snapshot(): AsyncIterable<StateSlice> {
    return this.session.snapshot(this.persistent);
  }

  /** Names of the state that checkpoints hold. */
  get persistent(): string[] {
    return this.programs.state.map(({ name }) => name).filter((name) => !name.startsWith('gradient.'));
  }

  get stateSpecs(): StepPrograms['state'] {
    const persistent = new Set(this.persistent);
    return this.programs.state.filter(({ name }) => persistent.has(name));
  }

  async dispose(): Promise<void> {
    await this.session.dispose();
  }
}
