import { applyRetention, saveCheckpoint } from '../checkpoints/index.js';
import type { StateSlice } from '../plugins/contracts.js';
import { isOptimizerState } from './optimizer.js';
import type { CheckpointOptions } from './options.js';
import type { RunState } from './run-start.js';

export interface SaverOptions {
  /** Of the run. */
  directory: string;
  /** The resolved configuration. */
  configYaml: string;
  retention: CheckpointOptions;
  /** Told of the path of every checkpoint when it is complete. */
  onSaved(path: string): void;
}

/** Writes the checkpoints of a run one after the other, beside training. */
export class CheckpointSaver {
  private saving: Promise<void> = Promise.resolve();
  private failure: unknown = null;

  constructor(private readonly options: SaverOptions) {}

  /**
   * Begins a checkpoint, once the one before it is written: a snapshot may take as much memory as what it is of.
   *
   * @throws what writing the one before threw
   */
  async begin(step: number, state: RunState, takeSnapshot: () => AsyncIterable<StateSlice>): Promise<void> {
    await this.saving;
    this.saving = this.write(step, state, takeSnapshot());
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

  /** When no checkpoint is being written; failures are told elsewhere. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.saving]);
  }

  private async write(step: number, state: RunState, slices: AsyncIterable<StateSlice>): Promise<void> {
    const { directory, configYaml, retention, onSaved } = this.options;
    const content = { step, state, configYaml, slices, isOptimizer: isOptimizerState };
    const path = await saveCheckpoint(directory, content);
    onSaved(path);
    await applyRetention(directory, retention);
  }
}
