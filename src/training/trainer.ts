import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sumStatistics } from '../data/batch-statistics.js';
import { type Batch, type LoaderState, mergeLoaderStates } from '../data/batches.js';
import { compressionAt } from '../data/compression-schedule.js';
import { bitsPerByte } from '../evaluation/bpb/scores.js';
import { requireValidationText, Validation } from '../evaluation/bpb/validation.js';
import { parameterCount } from '../models/index.js';
import type { Backend } from '../plugins/contracts.js';
import { TrainingError } from '../support/errors.js';
import { asOutputError } from '../support/output-failures.js';
import { usedIds } from '../vocabulary/vocabulary.js';
import { CheckpointSaver, type FailedSave } from './checkpoint-saver.js';
import { gatherJson } from './gather.js';
import { learningRateMultiplier } from './learning-rate.js';
import { lossScales } from './loss-scales.js';
import { measureMatmulRate } from './matmul-rate.js';
import { MetricsWindow, type TrainingMetrics } from './metrics.js';
import { type PreparedRun, prepareRun, type TrainingRequest } from './prepare-run.js';
import { Probe } from './probe.js';
import { summariseProfile } from './profile.js';
import { PROBE_FILE, PROFILE_DIRECTORY } from './run-directory.js';
import type { RunState } from './run-start.js';
import type { TrainingSettings } from './settings.js';
import { rowsOfProgram, type StepResult } from './training-session.js';

/** Steps before the one that is profiled, where there are as many. */
const STEPS_BEFORE_PROFILE = 3;

/**
 * Runs of a program that are not to be measured: the first finds out which memory it takes, the second allocates it in
 * one piece.
 */
const PROFILE_WARMUP = 2;

/** What a run is doing, for whoever shows it. */
export interface TrainingObserver {
  onStart(run: { step: number; steps: number; parameters: number; replicas: number; peak: number }): void;
  /** After every step; `metrics` where a line was written. */
  onStep(progress: {
    step: number;
    steps: number;
    loss: number;
    millisecondsPerStep: number;
    metrics: TrainingMetrics | null;
  }): void;
  /** `isRaw`: of raw bytes; otherwise of the training representation, where no raw text is trained on. */
  onValidation(result: { step: number; steps: number; bitsPerByte: number; isRaw: boolean }): void;
  onCheckpoint(path: string): void;
  /** Training goes on without a checkpoint that could not be written. */
  onSaveFailure(failure: FailedSave): void;
}

export interface TrainingSummary {
  directory: string;
  /** Steps done. */
  step: number;
  /** The run has done all its steps; otherwise it was stopped, and can be resumed. */
  finished: boolean;
  /** Of the last line of metrics; null: not known. */
  loss: number | null;
  bitsPerByte: number | null;
  checkpoint: string;
  /** Checkpoints that could not be written, where training went on all the same. */
  failedSaves: readonly FailedSave[];
  totalSymbols: number;
  totalBytes: number;
}

/**
 * Trains until the last step, or until `signal` asks for a stop: then the step in hand is finished, a checkpoint is
 * written, and the summary says that the run is not finished.
 *
 * @throws TrainingError if the loss or the gradient is not finite; and what `prepareRun` and saving throw
 */
export async function train(
  request: TrainingRequest,
  observer: TrainingObserver,
  signal: AbortSignal,
): Promise<TrainingSummary> {
  const run = await prepareRun(request);
  let trainer: Trainer | undefined;
  try {
    trainer = new Trainer(run, request, observer, signal, await peakRate(run.backend, request.settings));
    const summary = await trainer.run();
    await run.close();
    return summary;
  } catch (error) {
    trainer?.abandonParts();
    await trainer?.settled();
    // What failed first is what the user must hear of.
    await run.close().catch(() => {});
    throw error;
  }
}

/** What a step was computed from and what came of it. */
interface ComputedStep {
  batch: Batch;
  result: StepResult;
  learningRate: number;
  /** Milliseconds: of the whole step, and of waiting for its batch. */
  duration: number;
  wait: number;
}

class Trainer {
  private readonly settings: TrainingSettings;
  private readonly learningRateFactor: (step: number) => number;
  private readonly window: MetricsWindow;
  private readonly saver: CheckpointSaver;
  /** The step that is profiled, counted from 0; null: none. */
  private readonly profiledStep: number | null;
  /** Where the profiled program takes over, some steps earlier. */
  private readonly profileFrom: number | null;
  private probe: Probe | null = null;
  private validation: Validation | null = null;
  /** Step of the newest checkpoint, also of one that is being written. */
  private savedStep: number | null;

  /** @param peak the best rate of the model's own matrix products, floating-point operations a second */
  constructor(
    private readonly prepared: PreparedRun,
    private readonly request: TrainingRequest,
    private readonly observer: TrainingObserver,
    private readonly signal: AbortSignal,
    private readonly peak: number,
  ) {
    const { settings, directory, configYaml } = request;
    const { batch, optim, steps, logging } = settings;
    this.settings = settings;
    this.learningRateFactor = learningRateMultiplier(optim, steps);
    this.window = new MetricsWindow(
      batch.size * batch.sequenceLength,
      (rawShare) =>
        prepared.model.flops({ sequenceLength: batch.sequenceLength, rawShare, usedIds: usedIds(prepared.layout) }),
      prepared.model.rawHeads,
      peak,
      prepared.sums,
    );
    this.saver = new CheckpointSaver({
      directory,
      configYaml,
      options: settings.checkpoint,
      processes: prepared.backend,
      onSaved: (path) => {
        prepared.lastCheckpoint = path;
        observer.onCheckpoint(path);
      },
      onFailure: (failure) => observer.onSaveFailure(failure),
    });
    this.profiledStep = logging.profile ? Math.min(prepared.step + STEPS_BEFORE_PROFILE, steps - 1) : null;
    this.profileFrom = this.profiledStep === null ? null : Math.max(prepared.step, this.profiledStep - PROFILE_WARMUP);
    this.savedStep = prepared.lastCheckpoint === null ? null : prepared.step;
  }

  async run(): Promise<TrainingSummary> {
    const { prepared, settings, observer, peak } = this;
    const { steps, validation, checkpoint } = settings;
    if (validation.every !== null) await requireValidationText(settings.data, prepared.layout);
    const parameters = parameterCount(prepared.model.parameters);
    observer.onStart({ step: prepared.step, steps, parameters, replicas: prepared.session.replicas, peak });
    let stopped = await this.stopAsked();
    while (prepared.step < steps && !stopped) {
      const { batch } = await this.trainStep();
      this.saver.throwIfFailed();
      stopped = await this.stopAsked();
      // Before the checkpoint of the same step: a run that is killed in between measures again.
      if (this.isDue(validation.every)) await this.validate();
      if (stopped || this.isDue(checkpoint.every)) await this.save(batch.state);
    }
    await this.saver.finish();
    return this.summary();
  }

  /** When no checkpoint is being written; failures of writing one are told elsewhere. */
  settled(): Promise<void> {
    return this.saver.settled();
  }

  /** Lets a checkpoint go whose other writers may be lost. */
  abandonParts(): void {
    this.saver.abandonParts();
  }

  private async trainStep(): Promise<ComputedStep> {
    const started = performance.now();
    const batch = await this.prepared.loader.next();
    const wait = performance.now() - started;
    const { result, learningRate } = await this.compute(batch);
    const computed = { batch, result, learningRate, wait, duration: performance.now() - started };
    await this.record(computed);
    return computed;
  }

  /** One update of the parameters. @throws TrainingError if what it finds is not finite */
  private async compute(batch: Batch): Promise<Pick<ComputedStep, 'result' | 'learningRate'>> {
    const { prepared, settings } = this;
    const { step, session } = prepared;
    const { optim, logging } = settings;
    const inputs = batch.microBatches.map((microBatch) => microBatch.inputs);
    if (logging.probe !== null && (step + 1) % logging.probe === 0) await this.probeStep(step, inputs);
    const learningRate = optim.learningRate * this.learningRateFactor(step);
    const profile = join(this.request.directory, PROFILE_DIRECTORY, 'step');
    if (step === this.profileFrom) {
      await mkdir(dirname(profile), { recursive: true });
      await session.beginProfile(profile);
    }
    const result = await session.step(inputs, { learningRate, updateNumber: step + 1 });
    if (step === this.profiledStep) {
      await session.endProfile();
      await summariseProfile(profile);
    }
    await this.requireFinite(result);
    return { result, learningRate };
  }

  /** Counts a step as done, and tells of it. */
  private async record({ batch, result, learningRate, duration, wait }: ComputedStep): Promise<void> {
    const { prepared, settings, window } = this;
    const { steps, logging } = settings;
    const statistics = sumStatistics(await gatherJson(prepared.backend, batch.statistics));
    const compressionRate = compressionAt(settings.data, prepared.step).rate;
    window.record({ result, statistics, learningRate, compressionRate, duration, wait });
    prepared.step += 1;
    prepared.totals.symbols += settings.batch.size * settings.batch.sequenceLength;
    prepared.totals.bytes += statistics.raw.bytes + statistics.compressed.bytes;
    prepared.totals.documents += statistics.documents;
    const metrics = this.isDue(logging.every) ? window.take(prepared.totals) : null;
    if (metrics !== null) {
      prepared.last = figuresOf(metrics);
      await prepared.logger.log(prepared.step, metrics);
    }
    const { loss } = result;
    this.observer.onStep({ step: prepared.step, steps, loss, millisecondsPerStep: duration, metrics });
  }

  /** Whether something that is done every so many steps, and after the last one, is to be done now. */
  private isDue(every: number | null): boolean {
    const { step } = this.prepared;
    return every !== null && (step === this.settings.steps || step % every === 0);
  }

  /** @throws TrainingError naming the last checkpoint, once that is written */
  private async requireFinite({ loss, gradientNorm }: StepResult): Promise<void> {
    const bad = Object.entries({ loss, 'norm of the gradient': gradientNorm }).find(([, x]) => !Number.isFinite(x));
    if (bad === undefined) return;
    await this.settled();
    const { step, lastCheckpoint } = this.prepared;
    throw new TrainingError(`the ${bad[0]} of step ${step + 1} is ${bad[1]}; training stops`, {
      hint: lastCheckpoint
        ? `The last good checkpoint is ${lastCheckpoint}. Go on from it with a lower optim.learningRate: --from ${lastCheckpoint}`
        : 'There is no checkpoint yet. Lower optim.learningRate, lengthen optim.warmup, or look at the data.',
    });
  }

  /** Any process that was asked to stop stops all of them at the same step. */
  private async stopAsked(): Promise<boolean> {
    const votes = await this.prepared.backend.allGather(Uint8Array.of(this.signal.aborted ? 1 : 0));
    return votes.some(([vote]) => vote === 1);
  }

  /** Begins a checkpoint of this moment; training goes on while it is written. */
  private async save(loader: LoaderState): Promise<void> {
    const { prepared, saver, window } = this;
    const { step, totals, last } = prepared;
    if (this.savedStep === step) return;
    this.savedStep = step;
    const state: RunState = {
      totals: { ...totals },
      loader: mergeLoaderStates(await gatherJson(prepared.backend, loader)),
      vocabulary: { layout: prepared.layout, compressor: prepared.compressor.fingerprint },
      sums: window.state,
      last,
      replicas: prepared.session.replicas,
    };
    const isLast = step === this.settings.steps || this.signal.aborted;
    await saver.begin({ step, state, isLast }, () => prepared.session.snapshot());
    if (isLast) await saver.finish();
  }

  private summary(): TrainingSummary {
    const { step, totals, lastCheckpoint, last } = this.prepared;
    return {
      directory: this.request.directory,
      step,
      finished: step >= this.settings.steps,
      ...(this.window.state.steps > 0 ? figuresOf(this.window.figures(totals)) : last),
      checkpoint: lastCheckpoint ?? '',
      failedSaves: this.saver.failed,
      totalSymbols: totals.symbols,
      totalBytes: totals.bytes,
    };
  }

  /** Measures the model on held-out text, in its own session; a stop waits for it, which is short. */
  private async validate(): Promise<void> {
    const { prepared, settings } = this;
    this.validation ??= await this.openValidation();
    const { total } = await this.validation.measure(prepared.step);
    const bits = bitsPerByte(total);
    const nats = total.nats / total.tokens;
    await prepared.logger.log(prepared.step, { validation_loss: nats, validation_bits_per_byte: bits });
    const isRaw = prepared.layout.rawIncluded;
    this.observer.onValidation({ step: prepared.step, steps: settings.steps, bitsPerByte: bits, isRaw });
  }

  private openValidation(): Promise<Validation> {
    const { session, model, layout, compressor } = this.prepared;
    const { data, batch, loss, seed, validation } = this.settings;
    return Validation.open({
      session: session.session,
      model,
      vocabulary: layout,
      compressor,
      data,
      seed,
      rows: batch.size / batch.accumulation,
      context: batch.sequenceLength,
      documentMask: loss.documentMask,
      batches: validation.batches,
    });
  }

  private async probeStep(step: number, inputs: Batch['microBatches'][number]['inputs'][]): Promise<void> {
    const { model, session, backend } = this.prepared;
    const { batch, loss } = this.settings;
    const rows = rowsOfProgram(backend, batch);
    const options = { documentMask: loss.documentMask, weighted: loss.multibyteMask, chunkTokens: loss.chunkTokens };
    this.probe ??= await Probe.open(session.session, model, { rows, sequenceLength: batch.sequenceLength }, options);
    const { scales } = await lossScales({ model, batch, loss }, inputs, backend);
    const report = await this.probe.run(step + 1, inputs[0]!, scales);
    if (backend.topology.rank > 0) return;
    const file = join(this.request.directory, PROBE_FILE);
    await appendFile(file, `${JSON.stringify(report)}\n`).catch((error: unknown) => {
      throw asOutputError(error, file);
    });
  }
}

/** The best rate of the model's own matrix products, floating-point operations a second. */
function peakRate(backend: Backend, { model, batch }: TrainingSettings): Promise<number> {
  const rows = rowsOfProgram(backend, batch) * batch.sequenceLength;
  const { hiddenSize, intermediateSize } = model;
  return measureMatmulRate(backend, [
    { rows, inner: hiddenSize, columns: hiddenSize },
    { rows, inner: hiddenSize, columns: intermediateSize },
    { rows, inner: intermediateSize, columns: hiddenSize },
  ]);
}

/** What a summary tells of a line of metrics, as JSON has it. */
function figuresOf({ loss, bits_per_byte }: TrainingMetrics): RunState['last'] {
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return { loss: finite(loss), bitsPerByte: finite(bits_per_byte) };
}
