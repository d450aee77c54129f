import { float32Values, hostTensor } from '../graph/index.js';
import type { Executable, Inputs, Outputs, Session } from '../plugins/contracts.js';
import { accumulationInputs, type StepPrograms } from './step-programs.js';

/** What carries out optimizer steps: one session, or several replicas. */
export interface StepEngine {
  /** The state, and where programs run that look at it. */
  readonly session: Session;
  readonly replicas: number;
  /**
   * One optimizer step.
   * @param microBatches inputs of each, which are taken over
   */
  run(microBatches: readonly Inputs[], scalars: StepScalars): Promise<ComputedGradients>;
  /** Steps from now on are measured, until `endProfile`; of several replicas, the first is. */
  beginProfile(prefix: string): Promise<void>;
  endProfile(): Promise<void>;
}

export interface StepScalars {
  /** What the loss multiplies each head's weighted nats with. */
  headScales: readonly number[];
  /** Of the update: learning rate and corrections. */
  update: () => Inputs;
}

export interface ComputedGradients {
  /** Of each micro-batch, or of each replica's share of one. */
  results: Outputs[];
  /** L2 norm of the gradient before clipping. */
  gradientNorm: number;
}

export const headScaleInputs = (scales: readonly number[]): Inputs => ({ headScale: hostTensor('f32', scales) });

/** One session does all. */
export class SingleSession implements StepEngine {
  readonly replicas = 1;
  private profiled: Executable | null = null;

  private constructor(
    readonly session: Session,
    private readonly programs: StepPrograms,
    private readonly microBatch: Executable,
    private readonly update: Executable | null,
  ) {}

  static async open(session: Session, programs: StepPrograms): Promise<SingleSession> {
    const microBatch = await session.load(programs.microBatch);
    const update = programs.update && (await session.load(programs.update));
    return new SingleSession(session, programs, microBatch, update);
  }

  async run(microBatches: readonly Inputs[], { headScales, update }: StepScalars): Promise<ComputedGradients> {
    const program = this.profiled ?? this.microBatch;
    const results: Outputs[] = [];
    for (const [index, inputs] of microBatches.entries()) {
      const extra = this.update ? accumulationInputs(index) : update();
      results.push(...(await program.run([{ ...inputs, ...headScaleInputs(headScales), ...extra }])));
    }
    const [last] = this.update ? await this.update.run([update()]) : [results.at(-1)!];
    return { results, gradientNorm: float32Values(last!.gradientNorm!)[0]! };
  }

  async beginProfile(prefix: string): Promise<void> {
    this.profiled = await this.session.load(this.programs.microBatch, { profile: prefix });
  }

  async endProfile(): Promise<void> {
    await this.profiled?.dispose();
    this.profiled = null;
  }
}
