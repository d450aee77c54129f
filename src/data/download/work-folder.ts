import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../support/atomic-files.js';
import { acquireLock } from '../../support/directory-lock.js';
import { DataError, UsageError } from '../../support/errors.js';
import { systemErrorCode } from '../../support/output-failures.js';
import type { WriterState } from '../dataset-writer.js';
import type { LeftOut } from './options.js';
import type { Position } from './source.js';

/** Of the files that are saved; another is not read. */
export const STATE_VERSION = 1;

/** What a download was asked for, and what it found at its beginning. */
export interface SavedPlan<Plan> {
  version: typeof STATE_VERSION;
  /** Settings that decide the content: a download only goes on with the same. */
  settings: Readonly<Record<string, unknown>>;
  plan: Plan;
}

/** How far a download is. Everything before `position` is in the writer's state, nothing after it. */
export interface SavedProgress {
  position: Position;
  /** What of the source's total is behind the position. */
  done: number;
  leftOut: LeftOut;
  writer: WriterState;
  /** The dataset is complete, and waits for its final name. */
  complete: boolean;
}

/**
 * Where a download grows, beside the dataset that it will be: `<output>.download`, with `plan.json`, `progress.json`, the
 * chunks in `dataset/` and files that are read from the disk in `files/`. It stays when a download is interrupted, and the same
 * command goes on there.
 */
export class WorkFolder {
  readonly path: string;

  constructor(output: string) {
    this.path = `${output.replace(/[\\/]+$/, '')}.download`;
  }

  get dataset(): string {
    return join(this.path, 'dataset');
  }

  get files(): string {
    return join(this.path, 'files');
  }

  /**
   * The plan of the download that was begun here, or null.
   *
   * @throws UsageError if that was asked for with other settings; DataError if another version of pc began it
   */
  async plan<Plan>(settings: SavedPlan<Plan>['settings']): Promise<Plan | null> {
    const saved = await this.read<SavedPlan<Plan>>('plan.json');
    if (saved === null) return null;
    if (saved.version !== STATE_VERSION) {
      throw new DataError(
        `an unfinished download of another version of pc is in ${this.path}: its format is ${JSON.stringify(saved.version)}, not ${STATE_VERSION}`,
        { file: join(this.path, 'plan.json'), hint: 'Go on with that version, or begin again with --restart.' },
      );
    }
    const other = Object.keys(settings).find(
      (key) => JSON.stringify(saved.settings[key]) !== JSON.stringify(settings[key]),
    );
    if (other === undefined) return saved.plan;
    const [before, now] = [saved.settings[other], settings[other]].map((value) => JSON.stringify(value) ?? 'nothing');
    throw new UsageError(
      `an unfinished download with other settings is in ${this.path}: ${other} was ${before}, not ${now}`,
      {
        hint: 'Run it again as it was to go on, or begin again with --restart.',
      },
    );
  }

  savePlan<Plan>(saved: SavedPlan<Plan>): Promise<void> {
    return writeFileAtomic(join(this.path, 'plan.json'), JSON.stringify(saved));
  }

  progress(): Promise<SavedProgress | null> {
    return this.read('progress.json');
  }

  saveProgress(progress: SavedProgress): Promise<void> {
    return writeFileAtomic(join(this.path, 'progress.json'), JSON.stringify(progress));
  }

  /** Does some work while no other process may work here. */
  async locked<T>(work: () => Promise<T>): Promise<T> {
    const lock = await acquireLock(this.path);
    try {
      await mkdir(this.dataset, { recursive: true });
      return await work();
    } finally {
      await lock.release();
    }
  }

  /** Forgets the download. The plan goes first: without it, nothing here counts. */
  async clear(): Promise<void> {
    await rm(join(this.path, 'plan.json'), { force: true });
    await rm(join(this.path, 'progress.json'), { force: true });
    await rm(this.dataset, { recursive: true, force: true });
    await rm(this.files, { recursive: true, force: true });
  }

  async remove(): Promise<void> {
    await this.clear();
    await rm(this.path, { recursive: true, force: true });
  }

  private async read<T>(name: string): Promise<T | null> {
    const path = join(this.path, name);
    try {
      return JSON.parse(await readFile(path, 'utf8')) as T;
    } catch (cause) {
      if (systemErrorCode(cause) === 'ENOENT') return null;
      throw new DataError('the state of an unfinished download cannot be read', {
        file: path,
        hint: 'Begin again with --restart.',
        cause,
      });
    }
  }
}
