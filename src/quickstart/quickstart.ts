import { latestCheckpoint, openCheckpoint } from '../checkpoints/index.js';
import { loadConfigFile } from '../config/index.js';
import { importSourceTree } from '../data/import.js';
import { IMPORT_DEFAULTS } from '../data/import-options.js';
import { findSourceCode } from '../data/source-candidates.js';
import { REQUEST_DEFAULTS } from '../data/tokenizer-training/options.js';
import { holdsResults, openCheckpointedModel, runBpbEvaluation } from '../evaluation/index.js';
import type { PluginRegistry } from '../plugins/registry.js';
import { buildReport } from '../reporting/index.js';
import { writeFileAtomic } from '../support/atomic-files.js';
import type { DirectoryLock } from '../support/directory-lock.js';
import { InterruptedError, PcError, UsageError } from '../support/errors.js';
import { exists } from '../support/output-failures.js';
import { TRAINING_DEFAULTS } from '../tokenizers/training/options.js';
import { measureSecondsPerStep } from '../training/step-time.js';
import { type TrainingObserver, train } from '../training/trainer.js';
import { claimDirectory } from './directory.js';
import { configuredModel, saveInitialModel } from './initial-model.js';
import { evaluationDirectory, type QuickstartLayout, quickstartLayout, untrainedDirectory } from './layout.js';
import { QUICKSTART_MODELS, type QuickstartModel, type RunConfig, runConfig, TOKENIZER_SIZE } from './models.js';
import { fitToTime, type QuickstartPlan, type StepCost, writePlan } from './plan.js';
import { gatherResults, type QuickstartResults } from './results.js';
import { sourceBytes } from './source-size.js';

/** Time that a quickstart may take where nothing else is asked for; the margin is that of a busy machine. */
const DEFAULT_MINUTES = 4;

/** Share of the time that is spent on measuring the speed. */
const MEASURING_SHARE = 0.04;
/** Larger files are mostly generated: minified bundles and tables. */
const LARGEST_FILE = 24 * 1024;
/** At most this share of the documents is held out. */
const MOST_HELD_OUT = 0.2;

export interface QuickstartRequest {
  directory: string;
  /** Of all that it does; null: as it was begun, or the default. */
  minutes: number | null;
  /** Folder of text to train on; null: source code that is found on this machine. */
  data: string | null;
  force: boolean;
  registry: PluginRegistry;
  version: string;
  signal: AbortSignal;
  onProblem(message: string): void;
}

/** Who watches a stage. */
export interface StageWatch {
  progress(done: { done: number; total?: number; unit: string }): void;
  /** One sentence about what was found. */
  note(line: string): void;
  training: TrainingObserver;
}

/** A part of the work. What it makes is kept, and not made again when a quickstart goes on. */
export interface QuickstartStage {
  title: string;
  run(watch: StageWatch): Promise<void>;
}

/**
 * From nothing to a comparison of models: imports source code, trains a byte model and three proxies on it with equal
 * compute, measures all on held-out raw bytes before and after, and writes a page about it.
 */
export class Quickstart {
  private readonly layout: QuickstartLayout;
  private results: QuickstartResults | undefined;

  private constructor(
    private readonly request: QuickstartRequest,
    private readonly lock: DirectoryLock,
    private plan: QuickstartPlan | null,
  ) {
    this.layout = quickstartLayout(request.directory);
  }

  /**
   * @throws OutputError as `claimDirectory`; UsageError for another time or text than those of the quickstart that would
   *   go on
   */
  static async open(request: QuickstartRequest): Promise<Quickstart> {
    const { plan, lock } = await claimDirectory(quickstartLayout(request.directory), request.force);
    try {
      if (plan) requireSameRequest(request, plan);
      return new Quickstart(request, lock, plan);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Whether a quickstart that was stopped goes on. */
  get goesOn(): boolean {
    return this.plan !== null;
  }

  /** In order; each needs those before it. An aborted signal ends them with its reason, and nothing finished is lost. */
  get stages(): QuickstartStage[] {
    const stages: QuickstartStage[] = [
      { title: 'Measuring the speed of this machine', run: (watch) => this.makePlan(watch) },
      { title: 'Importing source code', run: (watch) => this.importData(watch) },
      { title: `Training a tokenizer of ${TOKENIZER_SIZE} tokens`, run: (watch) => this.trainTokenizer(watch) },
      ...QUICKSTART_MODELS.flatMap((model): QuickstartStage[] => [
        { title: `Evaluating ${model.title} before training`, run: (watch) => this.evaluateUntrained(model, watch) },
        { title: `Training ${model.title}`, run: (watch) => this.train(model, watch) },
        { title: `Evaluating ${model.title}`, run: (watch) => this.evaluateTrained(model, watch) },
      ]),
      { title: 'Writing the report', run: () => this.report() },
    ];
    return stages.map(({ title, run }) => ({ title, run: (watch) => this.stoppable(title, run(watch)) }));
  }

  /** Of all stages, when they have ended. */
  get finished(): QuickstartResults {
    if (!this.results) throw new Error('the stages of the quickstart have not ended');
    return this.results;
  }

  async close(): Promise<void> {
    await this.lock.release();
  }

  /** What a stop signal ends tells how to go on. */
  private async stoppable(title: string, stage: Promise<void>): Promise<void> {
    try {
      await stage;
    } catch (error) {
      const isFailure = error instanceof PcError && !(error instanceof InterruptedError);
      if (isFailure || !this.request.signal.aborted) throw error;
      throw new InterruptedError(`stopped in: ${title}`, {
        hint: 'What is finished is kept: start it again in the same way to go on.',
        cause: error,
      });
    }
  }

  private async makePlan({ note }: StageWatch): Promise<void> {
    const { data, registry, signal } = this.request;
    if (this.plan === null) {
      const minutes = this.request.minutes ?? DEFAULT_MINUTES;
      const seconds = (MEASURING_SHARE * 60 * minutes) / QUICKSTART_MODELS.length;
      const costs: Record<string, StepCost> = {};
      for (const model of QUICKSTART_MODELS) {
        const { config } = runConfig(model, 1, this.layout);
        const configured = await configuredModel(config, registry, model.needsTokenizer ? TOKENIZER_SIZE : null);
        const secondsPerStep = await measureSecondsPerStep(config, configured.model, registry, { seconds, signal });
        costs[model.name] = { secondsPerStep, flopsPerStep: configured.flopsPerStep };
      }
      // The directory is the quickstart's own, so that the same text is found wherever it is started.
      const source =
        data === null
          ? await findSourceCode(this.layout.directory)
          : { title: data, directories: [data], extensions: null };
      const { title, directories, extensions } = source;
      this.plan = {
        ...fitToTime(minutes, costs),
        source: { title, directories, extensions: extensions && [...extensions] },
      };
      await writePlan(this.layout.plan, this.plan);
    }
    const { models, minutes } = this.plan;
    const each = Object.entries(models).map(
      ([name, { steps, secondsPerStep }]) => `${name} ${steps} steps of ${secondsPerStep.toFixed(2)} s`,
    );
    note(`${each.join(', ')}; about ${minutes} min in all`);
  }

  private async trainTokenizer({ progress, note }: StageWatch): Promise<void> {
    const { training, tokenizer } = this.layout;
    if (await exists(tokenizer)) return;
    const { trainTokenizerOnData } = await import('../data/tokenizer-training/train-tokenizer.js');
    const report = await trainTokenizerOnData({
      ...REQUEST_DEFAULTS,
      data: [training],
      output: tokenizer,
      tokenizer: { ...TRAINING_DEFAULTS, vocabularySize: TOKENIZER_SIZE, specialTokens: [] },
      workers: 1,
      force: false,
      signal: this.request.signal,
      progress: (phase) => {
        if (phase.phase === 'count') progress({ done: phase.bytes, total: phase.totalBytes, unit: 'bytes' });
        else progress({ done: phase.tokens, total: phase.vocabularySize, unit: 'tokens' });
      },
    });
    const { heldOut } = report;
    if (heldOut !== null) note(`${heldOut.bytesPerToken.toFixed(2)} bytes a token`);
  }

  private async importData({ progress, note }: StageWatch): Promise<void> {
    const { source, heldOutBytes } = this.plan!;
    const { training, validation } = this.layout;
    if ((await exists(training)) && (await exists(validation))) return;
    const bytes = await sourceBytes(source, LARGEST_FILE, this.request.signal);
    const report = await importSourceTree({
      ...IMPORT_DEFAULTS,
      directories: source.directories,
      extensions: source.extensions,
      maxBytes: LARGEST_FILE,
      output: training,
      validation: { fraction: Math.min(MOST_HELD_OUT, heldOutBytes / bytes), output: validation },
      // Of a quickstart that was stopped between the two.
      force: true,
      signal: this.request.signal,
      progress: (done) => progress({ done: done.bytes, total: bytes, unit: 'bytes' }),
    });
    const text = (one: { documents: number; textBytes: number }) =>
      `${one.documents} files, ${(one.textBytes / 1e6).toFixed(2)} MB`;
    note(`${source.title}: ${text(report.training)} to train on, ${text(report.validation!)} held out`);
  }

  private async evaluateUntrained(model: QuickstartModel, watch: StageWatch): Promise<void> {
    const run = this.configOf(model);
    const directory = untrainedDirectory(this.layout, model.name);
    if (await holdsResults(evaluationDirectory(directory))) return;
    const checkpoint = await saveInitialModel(run, this.request.registry, directory);
    await this.evaluate(run, checkpoint, evaluationDirectory(directory), watch);
  }

  private async train(model: QuickstartModel, { training }: StageWatch): Promise<void> {
    const { registry, version, signal, onProblem } = this.request;
    const { config, configYaml, directory } = this.configOf(model);
    const latest = await latestCheckpoint(directory, { fallBack: true });
    if (latest?.step === config.steps) return;
    const summary = await train(
      {
        settings: config,
        configYaml,
        readConfig: async (file) => (await loadConfigFile(file)).config,
        directory,
        registry,
        start: latest ? { kind: 'resume', checkpoint: latest.path } : { kind: 'new' },
        force: latest === undefined,
        version,
        onProblem,
      },
      training,
      signal,
    );
    if (!summary.finished) throw new InterruptedError(`stopped after step ${summary.step}`);
  }

  private async evaluateTrained(model: QuickstartModel, watch: StageWatch): Promise<void> {
    const run = this.configOf(model);
    const output = evaluationDirectory(run.directory);
    if (await holdsResults(output)) return;
    const latest = await latestCheckpoint(run.directory);
    await this.evaluate(run, latest!.path, output, watch);
  }

  private async evaluate(
    { config }: RunConfig,
    checkpoint: string,
    output: string,
    { progress, note }: StageWatch,
  ): Promise<void> {
    const { registry, signal } = this.request;
    const opened = await openCheckpointedModel({
      checkpoint: await openCheckpoint(checkpoint),
      settings: config,
      registry,
      backend: config.backend,
    });
    try {
      const results = await runBpbEvaluation({
        opened,
        settings: config,
        options: config.bpb,
        data: this.layout.validation,
        onBadRecord: 'fail',
        output,
        force: true,
        signal,
        onProgress: progress,
      });
      note(`${results.bits_per_byte.toFixed(3)} bits per byte`);
    } finally {
      await opened.dispose();
    }
  }

  private async report(): Promise<void> {
    const { version, signal } = this.request;
    const results = await gatherResults(this.layout, this.plan!, signal);
    const { page } = await buildReport({
      directories: results.models.map(({ run }) => run),
      title: 'Quickstart: raw bytes against three proxies',
      madeBy: `proxy-compression ${version}`,
    });
    await writeFileAtomic(this.layout.report, page);
    await writeFileAtomic(this.layout.results, `${JSON.stringify(results, null, 2)}\n`);
    this.results = results;
  }

  private configOf(model: QuickstartModel): RunConfig {
    return runConfig(model, this.plan!.models[model.name]!.steps, this.layout);
  }
}

function requireSameRequest({ minutes, data, directory }: QuickstartRequest, plan: QuickstartPlan): void {
  const differs =
    minutes !== null && minutes !== plan.minutes
      ? '--minutes'
      : data !== null && !plan.source.directories.includes(data)
        ? '--data'
        : null;
  if (differs === null) return;
  throw new UsageError(`${directory} holds a quickstart that was begun with another ${differs}`, {
    hint: `Leave out ${differs} to go on with it, begin anew with --force, or choose another directory with -o.`,
  });
}
