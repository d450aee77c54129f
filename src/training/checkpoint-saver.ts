import {
  applyRetention,
  beginSharedSave,
  type CheckpointContent,
  latestCheckpoint,
  saveCheckpoint,
  saveTogether,
} from '../checkpoints/index.js';
import type { Backend, StateSlice } from '../plugins/contracts.js';
import { OutputError } from '../support/errors.js';
import { gatherJson } from './gather.js';
import { isOptimizerState } from './optimizer.js';
import type { CheckpointOptions } from './options.js';
import type { RunState } from './run-start.js';

export interface SaverOptions {
  /** Of the run. */
  directory: string;
  /** The resolved configuration. */
  configYaml: string;
  options: CheckpointOptions;
  /** The processes that train, and save, together. */
  processes: Pick<Backend, 'topology' | 'allGather'>;
  /** Told of the path of every checkpoint when it is complete. */
  onSaved(path: string): void;
  /** Told of every checkpoint that is missing since it could not be written, where training goes on all the same. */
  onFailure(failure: FailedSave): void;
}

/** A checkpoint that could not be written. */
export interface FailedSave {
  step: number;
  reason: string;
  /** The newest checkpoint that there is. */
  safe: string;
}

/** What is saved: which step, and whether training can do without it. */
export interface SaveRequest {
  step: number;
  state: RunState;
  /** Nothing comes after it: what is not saved now is lost. */
  isLast: boolean;
}

/** Writes the checkpoints of a run one after the other, beside training. */
export class CheckpointSaver {
  private saving: Promise<void> = Promise.resolve();
  private failure: unknown = null;
  private readonly lost = new AbortController();
  /** In the order of their steps; empty unless failures are to be outlived. */
  readonly failed: FailedSave[] = [];

  constructor(private readonly settings: SaverOptions) {}

  /**
   * Begins a checkpoint, once the one before it is written: a snapshot may take as much memory as what it is of.
   *
   * @throws what writing the one before threw
   */
  async begin(request: SaveRequest, takeSnapshot: () => AsyncIterable<StateSlice>): Promise<void> {
    await this.saving;
    const shared = await this.sharedDirectory(request.step);
    this.saving =
      shared !== null && 'refusal' in shared
        ? this.outlive(new OutputError(shared.refusal, { file: this.settings.directory }), request)
        : this.write(request, takeSnapshot(), shared);
    this.saving.catch((error: unknown) => {
      this.failure = error;
    });
  }

  /** @throws what writing a checkpoint threw in the meantime */
  throwIfFailed(): void {
    if (this.failure !== null) throw this.failure;
  }

  /** When what was begun is written. @throws what writing it threw */
  async finish(): Promise<void> {
    await this.saving;
  }

  /** Waits no longer for parts of other processes: training has failed, and they may be what it failed by. */
  abandonParts(): void {
    this.lost.abort();
  }

  /** When no checkpoint is being written; failures are told elsewhere. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.saving]);
  }

  /** Where several processes write their parts; null for one alone. Agreed on before training goes on, since they all take part. */
  private async sharedDirectory(step: number): Promise<Shared | null> {
    const { directory, processes } = this.settings;
    const { rank, world } = processes.topology;
    if (world === 1) return null;
    const own = rank === 0 ? await beginSharedSave(directory, step).then((path) => ({ path }), asRefusal) : null;
    return (await gatherJson(processes, own))[0] ?? null;
  }

  /** @param shared the directory of `sharedDirectory` */
  private async write(
    request: SaveRequest,
    slices: AsyncIterable<StateSlice>,
    shared: { path: string } | null,
  ): Promise<void> {
    const { directory, configYaml, options, processes, onSaved } = this.settings;
    const { rank, world } = processes.topology;
    const { step, state } = request;
    const content: CheckpointContent = {
      step,
      state,
      configYaml,
      slices,
      isOptimizer: isOptimizerState,
      maxShardBytes: options.shardBytes,
    };
    try {
      const path =
        shared === null
          ? await saveCheckpoint(directory, content)
          : await saveTogether(directory, content, { rank, world, directory: shared.path, signal: this.lost.signal });
      onSaved(path);
    } catch (error) {
      await this.outlive(error, request);
      return;
    }
    if (rank === 0) await applyRetention(directory, options);
  }

  /** @throws the error, unless training can go on without the checkpoint and was told to */
  private async outlive(error: unknown, { step, isLast }: SaveRequest): Promise<void> {
    if (!(error instanceof OutputError)) throw error;
    const { directory, options, onFailure } = this.settings;
    const safe = await latestCheckpoint(directory, { fallBack: true }).catch(() => undefined);
    if (safe === undefined) throw error;
    if (isLast || options.onSaveFailure === 'stop')
      throw new OutputError(error.message, {
        ...error.location,
        hint: `${error.hint ?? ''} The newest checkpoint is ${safe.path}; --resume goes on from it.`.trimStart(),
        cause: error,
      });
    const failure = { step, reason: error.message, safe: safe.path };
    this.failed.push(failure);
    onFailure(failure);
  }
}

/** Where the parts go, or why process 0 could not make that place. */
type Shared = { path: string } | { refusal: string };

function asRefusal(error: unknown): Shared {
  return { refusal: error instanceof Error ? error.message : String(error) };
}
