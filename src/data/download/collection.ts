import { DataError } from '../../support/errors.js';
import { type DatasetManifest, DatasetWriter } from '../dataset-writer.js';
import type { BadRecordPolicy } from '../documents.js';
import type { DownloadOptions, DownloadProgress, DownloadRequest, LeftOut } from './options.js';
import type { Position, RecordOutcome, Source, SourceRecord } from './source.js';
import type { SavedProgress, WorkFolder } from './work-folder.js';

/** What goes on while records are collected. */
export interface CollectSurroundings {
  signal: AbortSignal;
  /** Milliseconds between two saved states. */
  saveInterval: number;
  changed(): void;
}

/**
 * The records of a source on their way into the chunks of a dataset. What is saved is always a place in the source and
 * exactly the records before it.
 */
export class Collection {
  private readonly limits: Limits;

  private constructor(
    private readonly folder: WorkFolder,
    private readonly source: Source,
    private readonly options: DownloadOptions,
    readonly writer: DatasetWriter,
    readonly leftOut: LeftOut,
    private readonly place: { position: Position; done: number },
  ) {
    this.limits = new Limits(options.request, writer);
  }

  /** @param saved where an earlier process came to */
  static async open(folder: WorkFolder, source: Source, options: DownloadOptions, saved: SavedProgress | null) {
    // Also without a saved state there may be a chunk, of a process that was killed before it saved any.
    const { position, done, leftOut, writer: state } = saved ?? NOTHING;
    const writer = await DatasetWriter.resume(folder.dataset, options, state);
    return new Collection(folder, source, options, writer, { ...leftOut }, { position, done });
  }

  /** What is done of the total, in its unit. */
  get done(): number {
    return this.limits.done ?? this.place.done;
  }

  get progress(): Omit<DownloadProgress, 'before' | 'received'> {
    const { unit, count } = this.source.total;
    const { done, limits } = this;
    return { documents: this.writer.documents, unit: limits.unit ?? unit, done, total: limits.total ?? count };
  }

  /**
   * Takes records until there are no more or enough.
   *
   * @throws DataError for a bad record, if those are not skipped; what the source throws; the reason of the signal. The
   *   state of the last record is saved before. OutputError if the dataset cannot be written; the state saved last then stays.
   */
  async collect({ signal, saveInterval, changed }: CollectSurroundings): Promise<void> {
    if (this.limits.reachedBy(0)) return;
    let saved = performance.now();
    for await (const { outcome, after, done } of this.vetted(signal)) {
      if (outcome !== null && 'line' in outcome) {
        if (this.limits.reachedBy(outcome.textBytes)) break;
        await this.writer.add(outcome.line, outcome.textBytes);
      } else if (outcome !== null) this.leftOut['leftOut' in outcome ? outcome.leftOut : 'bad']++;
      Object.assign(this.place, { position: after, done });
      changed();
      if (outcome === null || performance.now() - saved >= saveInterval) {
        await this.save(false);
        saved = performance.now();
      }
      if (this.limits.reachedBy(0)) break;
    }
    await this.save(false);
  }

  /** Completes the dataset, but for its place. */
  async finish(madeBy: DatasetManifest['madeBy']): Promise<DatasetManifest> {
    const manifest = await this.writer.finish(madeBy);
    await this.save(true);
    return manifest;
  }

  /** The records from the current place on, failing where the work must stop. Failures of the consumer do not come here. */
  private async *vetted(signal: AbortSignal): AsyncGenerator<SourceRecord> {
    try {
      for await (const record of this.source.records(this.place.position)) {
        signal.throwIfAborted();
        refuseBad(record.outcome, this.options.onBadRecord);
        yield record;
      }
    } catch (error) {
      // Should saving fail as well, the state saved last is good, and the first failure is what to tell.
      await this.save(false).catch(() => {});
      throw error;
    }
  }

  private async save(complete: boolean): Promise<void> {
    await this.folder.saveProgress({
      ...this.place,
      leftOut: this.leftOut,
      writer: await this.writer.save(),
      complete,
    });
  }
}

/** The state before the first record. */
const NOTHING: SavedProgress = {
  position: { part: 0, index: 0 },
  done: 0,
  leftOut: { missing: 0, empty: 0, bad: 0 },
  writer: { finished: [], current: null },
  complete: false,
};

/** When there is enough, by what the user asked for. */
class Limits {
  private readonly samples: number | null;
  private readonly bytes: number | null;

  constructor(
    request: DownloadRequest,
    private readonly writer: DatasetWriter,
  ) {
    this.samples = request.kind === 'hub' ? request.maxSamples : null;
    this.bytes = request.kind === 'hub' ? request.maxBytes : null;
  }

  get total(): number | null {
    return this.samples ?? this.bytes;
  }

  get unit(): DownloadProgress['unit'] | null {
    if (this.samples !== null) return 'documents';
    return this.bytes === null ? null : 'bytes';
  }

  get done(): number | null {
    if (this.samples !== null) return this.writer.documents;
    return this.bytes === null ? null : this.writer.textBytes;
  }

  /** Whether there is no room for one more document of so many bytes. */
  reachedBy(textBytes: number): boolean {
    const { samples, bytes, writer } = this;
    if (samples !== null && writer.documents >= samples) return true;
    return bytes !== null && writer.textBytes + Math.max(1, textBytes) > bytes;
  }
}

/** @throws DataError for a record that cannot be used, unless such are skipped */
function refuseBad(outcome: RecordOutcome | null, policy: BadRecordPolicy): void {
  if (policy === 'skip' || outcome === null || !('defect' in outcome)) return;
  throw new DataError(outcome.defect.what, {
    ...outcome.place,
    field: outcome.defect.field,
    hint: 'Skip such records with --on-bad-record skip: the download goes on where it stopped.',
  });
}
