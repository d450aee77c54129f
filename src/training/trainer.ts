import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { applyRetention, saveCheckpoint } from '../checkpoints/index.js';
import { type BatchStatistics, sumStatistics } from '../data/batch-statistics.js';
import { type Batch, type LoaderState, mergeLoaderStates } from '../data/batches.js';
import { compressionAt } from '../data/compression-schedule.js';
import { bitsPerByte } from '../evaluation/bpb/scores.js';
import { Validation } from '../evaluation/bpb/validation.js';
import { parameterCount } from '../models/index.js';
import type { Backend } from '../plugins/contracts.js';
import { learningRateMultiplier } from './learning-rate.js';
import { lossScales } from './loss-scales.js';
import { measureMatmulRate } from './matmul-rate.js';
import { MetricsWindow, type TrainingMetrics } from './metrics.js';
import { isOptimizerState } from './optimizer.js';
import {
  PROBE_FILE,
  PROFILE_DIRECTORY,
  type PreparedRun,
  prepareRun,
  type RunState,
  requireFinite,
  type TrainingRequest,
} from './prepare-run.js';
import { Probe } from './probe.js';
import { summariseProfile } from './profile.js';
import type { TrainingSettings } from './settings.js';

/** Steps before the one that is profiled, where there are as many: by then buffers are allocated. */
const STEPS_BEFORE_PROFILE = 3;

/** What a run is doing, for whoever shows it. */
export interface TrainingObserver {
  onStart(run: { step: number; steps: number; parameters: number; peak: number }): void;
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
  const trainer = new Trainer(run, request, observer, signal);
  try {
    const summary = await trainer.run();
    await run.close();
    return summary;
  } catch (error) {
    await trainer.settled();
    // What failed first is what the user must hear of.
    await run.close().catch(() => {});
    throw error;
  }
}

class Trainer {
  private readonly settings: TrainingSettings;
  private readonly rate: (step: number) => number;
  private probe: Probe | null = null;
  private validation: Validation | null = null;
  /** The save that goes on beside training, if any. */
  private saving: Promise<void> = Promise.resolve();
  private saveFailure: unknown = null;
  private saved: number;

  constructor(
    private readonly prepared: PreparedRun,
    private readonly request: TrainingRequest,
    private readonly observer: TrainingObserver,
    private readonly signal: AbortSignal,
  ) {
    this.settings = request.settings;
    this.rate = learningRateMultiplier(this.settings.optim, this.settings.steps);
    this.saved = prepared.lastCheckpoint === null ? -1 : prepared.step;
  }

  async run(): Promise<TrainingSummary> {
    const { prepared, settings } = this;
    const peak = await this.peakRate();
    const parameters = parameterCount(prepared.model.parameters);
    this.observer.onStart({ step: prepared.step, steps: settings.steps, parameters, peak });
    const { size, sequenceLength } = settings.batch;
    const flops = (rawShare: number) => prepared.model.flops({ sequenceLength, rawShare });
    const window = new MetricsWindow(size * sequenceLength, flops, peak, prepared.sums);
    const profiled = Math.min(prepared.step + STEPS_BEFORE_PROFILE, settings.steps - 1);
    let stopped = await this.stopAsked();
    while (prepared.step < settings.steps && !stopped) {
      const started = performance.now();
      const batch = await prepared.loader.next();
      const wait = performance.now() - started;
      await this.step(batch, window, {
        started,
        wait,
        profiled: settings.logging.profile && prepared.step === profiled,
      });
      if (this.saveFailure) throw this.saveFailure;
      stopped = await this.stopAsked();
      const atEnd = prepared.step === settings.steps;
      const isDue = (every: number | null) => every !== null && (atEnd || prepared.step % every === 0);
      // Before the checkpoint of the same step: a run that is killed in between measures again.
      if (isDue(settings.validation.every)) await this.validate();
      if (stopped || isDue(settings.checkpoint.every)) await this.save(batch.state, window);
    }
    await this.saving;
    const { step, totals, lastCheckpoint } = prepared;
    const last = window.state.steps > 0 ? figuresOf(window.figures(totals)) : prepared.last;
    return {
      directory: this.request.directory,
      step,
      finished: step >= settings.steps,
      ...last,
      checkpoint: lastCheckpoint ?? '',
      totalSymbols: totals.symbols,
      totalBytes: totals.bytes,
    };
  }

  private async step(
    batch: Batch,
    window: MetricsWindow,
    { started, wait, profiled }: { started: number; wait: number; profiled: boolean },
  ): Promise<void> {
    const { prepared, settings } = this;
    const { step } = prepared;
    const learningRate = settings.optim.learningRate * this.rate(step);
    const inputs = batch.microBatches.map((microBatch) => microBatch.inputs);
    if (settings.logging.probe !== null && (step + 1) % settings.logging.probe === 0)
      await this.probeStep(step, inputs);
    const profile = profiled ? join(this.request.directory, PROFILE_DIRECTORY, 'step') : null;
    if (profile !== null) await mkdir(dirname(profile), { recursive: true });
    const result = await prepared.session.step(inputs, { learningRate, updateNumber: step + 1, profile });
    if (profile !== null) await summariseProfile(profile);
    if (!Number.isFinite(result.loss + result.gradientNorm)) await this.settled();
    requireFinite(
      step + 1,
      { loss: result.loss, 'norm of the gradient': result.gradientNorm },
      prepared.lastCheckpoint,
    );
    const statistics = await gatherStatistics(prepared.backend, batch.statistics);
    prepared.step = step + 1;
    prepared.totals.symbols += settings.batch.size * settings.batch.sequenceLength;
    prepared.totals.bytes += statistics.raw.bytes + statistics.compressed.bytes;
    prepared.totals.documents += statistics.documents;
    const duration = performance.now() - started;
    const compressionRate = compressionAt(settings.data, step).rate;
    window.record({ result, statistics, learningRate, compressionRate, duration, wait });
    let metrics: TrainingMetrics | null = null;
    if (prepared.step % settings.logging.every === 0 || prepared.step === settings.steps) {
      metrics = window.take(prepared.totals);
      prepared.last = figuresOf(metrics);
      await prepared.logger.log(prepared.step, metrics);
    }
    this.observer.onStep({
      step: prepared.step,
      steps: settings.steps,
      loss: result.loss,
      millisecondsPerStep: duration,
      metrics,
    });
  }

  /** When no checkpoint is being written; failures of writing one are told elsewhere. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.saving]);
  }

  /** Any process that was asked to stop stops all of them at the same step. */
  private async stopAsked(): Promise<boolean> {
    const votes = await this.prepared.backend.allGather(Uint8Array.of(this.signal.aborted ? 1 : 0));
    return votes.some(([vote]) => vote === 1);
  }

  /** Begins a checkpoint of this moment; training goes on while it is written. */
  private async save(loader: LoaderState, window: MetricsWindow): Promise<void> {
    const { prepared, settings } = this;
    if (this.saved === prepared.step) return;
    await this.saving;
    this.saved = prepared.step;
    const { step } = prepared;
    const state: RunState = {
      totals: { ...prepared.totals },
      loader: await gatherLoaderState(prepared.backend, loader),
      sums: window.state,
      last: prepared.last,
    };
    const slices = prepared.session.snapshot();
    this.saving = (async () => {
      const path = await saveCheckpoint(this.request.directory, {
        step,
        state,
        configYaml: this.request.configYaml,
        slices,
        isOptimizer: isOptimizerState,
      });
      prepared.lastCheckpoint = path;
      await applyRetention(this.request.directory, settings.checkpoint);
      this.observer.onCheckpoint(path);
    })();
    this.saving.catch((error: unknown) => {
      this.saveFailure = error;
    });
    if (step === settings.steps || this.signal.aborted) await this.saving;
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
    const rows = batch.size / batch.accumulation / backend.topology.world;
    const options = { documentMask: loss.documentMask, weighted: loss.multibyteMask, chunkTokens: loss.chunkTokens };
    this.probe ??= await Probe.open(session.session, model, { rows, sequenceLength: batch.sequenceLength }, options);
    const { scales } = await lossScales({ model, batch, loss }, inputs, backend);
    const report = await this.probe.run(step + 1, inputs[0]!, scales);
    await appendFile(join(this.request.directory, PROBE_FILE), `${JSON.stringify(report)}\n`);
  }

  /** The best rate of the model's own matrix products, floating-point operations a second. */
  private peakRate(): Promise<number> {
    const { model: options, batch } = this.settings;
    const rows = (batch.size / batch.accumulation / this.prepared.backend.topology.world) * batch.sequenceLength;
    const { hiddenSize, intermediateSize } = options;
    return measureMatmulRate(this.prepared.backend, [
      { rows, inner: hiddenSize, columns: hiddenSize },
      { rows, inner: hiddenSize, columns: intermediateSize },
      { rows, inner: intermediateSize, columns: hiddenSize },
    ]);
  }
}

/** What a summary tells of a line of metrics, as JSON has it. */
function figuresOf({ loss, bits_per_byte }: TrainingMetrics): RunState['last'] {
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return { loss: finite(loss), bitsPerByte: finite(bits_per_byte) };
}

/** What all processes' shares of a batch are together. */
async function gatherStatistics(backend: Backend, own: BatchStatistics): Promise<BatchStatistics> {
  return sumStatistics(await gatherJson<BatchStatistics>(backend, own));
}

async function gatherLoaderState(backend: Backend, own: LoaderState): Promise<LoaderState> {
  return mergeLoaderStates(await gatherJson<LoaderState>(backend, own));
}

async function gatherJson<T>(backend: Backend, own: T): Promise<T[]> {
  if (backend.topology.world === 1) return [own];
  const all = await backend.allGather(new TextEncoder().encode(JSON.stringify(own)));
  return all.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T);
}
