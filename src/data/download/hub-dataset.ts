import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, DownloadError } from '../../support/errors.js';
import type { DataFormat } from '../data-files.js';
import { decompressedStream } from '../decompression.js';
import type { RowRange } from '../parquet-file.js';
import { jsonLinesOf } from '../record-lines.js';
import { parseObject } from '../records.js';
import { downloadFile } from './file-download.js';
import { growingFile } from './growing-file.js';
import type { HttpClient } from './http-client.js';
import type { Hub, HubDataset } from './hub.js';
import { CONVERTED, chooseConvertedFiles, chooseDataFiles, type HubDataFile, READ } from './hub-data-files.js';
import type { HubDatasetRequest } from './options.js';
import { inOrder } from './ordered-work.js';
import { RemoteParquet } from './remote-parquet.js';
import type { Position, RecordOutcome, Source, SourceRecord } from './source.js';
import { chooseTextColumn, requireRoomForText, textRecord } from './text-column.js';

/** What is fixed once, so that a download that goes on is the same download. */
export interface HubDatasetPlan {
  dataset: HubDataset;
  /** Where the files were found: the revision asked for, or the hub's conversion. */
  revision: string;
  files: HubDataFile[];
}

/** Compressed bytes of row groups that are held at once. */
const HELD_BYTES = 256 * 2 ** 20;

/**
 * Finds the files of a dataset's split: those of the revision, or those of the hub's own conversion where it has none
 * that are read and no revision was asked for.
 *
 * @throws DownloadError or UsageError if there are none
 */
export async function planHubDataset(hub: Hub, request: HubDatasetRequest): Promise<HubDatasetPlan> {
  const revision = request.revision ?? 'main';
  const dataset = await hub.dataset(request.name, revision);
  const files = chooseDataFiles(dataset, await hub.files(dataset), request);
  if (files.length > 0) return { dataset, revision, files };
  if (request.revision !== null) {
    throw new DownloadError(`${request.name} has no data files that can be read at ${revision}`, {
      hint: `Formats that are read: ${READ}. Without --revision, the hub's own conversion to Parquet is taken.`,
    });
  }
  const converted = await convertedDataset(hub, request.name);
  return {
    dataset: converted,
    revision: CONVERTED,
    files: chooseConvertedFiles(converted, await hub.files(converted), request),
  };
}

async function convertedDataset(hub: Hub, name: string): Promise<HubDataset> {
  try {
    return await hub.dataset(name, CONVERTED);
  } catch (cause) {
    if (!(cause instanceof DownloadError) || !cause.message.includes(CONVERTED)) throw cause;
    throw new DownloadError(`${name} has no data files that can be read, and the hub has not converted it to Parquet`, {
      hint: `Formats that are read: ${READ}.`,
      cause,
    });
  }
}

/** The records of a planned dataset, file by file. */
export class HubDatasetSource implements Source {
  readonly total: Source['total'];

  /** @param folder for files that must be fetched whole before they are read */
  constructor(
    private readonly hub: Hub,
    private readonly http: HttpClient,
    private readonly plan: HubDatasetPlan,
    private readonly request: HubDatasetRequest,
    private readonly concurrency: number,
    private readonly folder: string,
  ) {
    this.total = { unit: 'bytes', count: plan.files.reduce((sum, { size }) => sum + size, 0) };
  }

  get origin() {
    const { dataset, revision, files } = this.plan;
    return { dataset: dataset.name, revision, commit: dataset.commit, files: files.map(({ path }) => path) };
  }

  async *records(from: Position): AsyncGenerator<SourceRecord> {
    let before = 0;
    for (const [part, file] of this.plan.files.entries()) {
      if (part >= from.part) {
        const start = part === from.part ? from.index : 0;
        const located = file.format === 'parquet' ? this.parquetRecords(file, start) : this.jsonlRecords(file, start);
        for await (const { outcome, index, share } of located) {
          yield { outcome, after: { part, index }, done: before + share * file.size };
        }
        yield { outcome: null, after: { part: part + 1, index: 0 }, done: before + file.size };
        if (file.format !== 'parquet') await rm(this.localPath(file));
      }
      before += file.size;
    }
  }

  /** Only the columns that are wanted, row group by row group. */
  private async *parquetRecords(file: HubDataFile, start: number): AsyncGenerator<LocatedRecord> {
    const parquet = await RemoteParquet.open(this.http, this.hub.remoteFile(this.plan.dataset, file));
    const names = parquet.columns.map(({ name }) => name);
    const { keep } = this.request;
    const column = chooseTextColumn(names, this.request, file.path);
    requireRoomForText(column, keep, file.path);
    if (parquet.columns.find(({ name }) => name === column)?.isText === false) {
      throw new DataError(`the column ${column} holds no text`, {
        file: file.path,
        field: column,
        hint: `Choose another with --text-column: ${parquet.columns
          .filter(({ isText }) => isText)
          .map(({ name }) => name)
          .join(', ')}.`,
      });
    }
    const columns = [column, ...keep];
    const groups = parquet.rowGroups(columns).filter(({ end }) => end > start);
    const limits = {
      count: this.concurrency,
      weight: { of: ({ compressed }: (typeof groups)[number]) => compressed, limit: HELD_BYTES },
    };
    const fetch = (group: RowRange) => parquet.fetch(group, columns, rowsFrom(Math.max(start, group.start), group.end));
    for await (const fetched of inOrder(groups, limits, fetch)) {
      for await (const { row, number } of fetched.rows()) {
        const outcome = textRecord(row, column, keep, { file: file.path, line: number + 1 });
        yield { outcome, index: number + 1, share: (number + 1) / parquet.rows };
      }
    }
  }

  /**
   * The whole file first, since a checksum is of a whole; but where only so many records are wanted, no more of it than
   * they need. A file is read from its beginning in any case: compressed lines cannot be gone on with in the middle.
   */
  private async *jsonlRecords(file: HubDataFile, start: number): AsyncGenerator<LocatedRecord> {
    await mkdir(this.folder, { recursive: true });
    const path = this.localPath(file);
    const remote = this.hub.remoteFile(this.plan.dataset, file);
    const format = file.format as Exclude<DataFormat, 'parquet'>;
    const isLimited = this.request.maxSamples !== null || this.request.maxBytes !== null;
    if (!isLimited) await downloadFile(this.http, remote, file.checksum, path);
    const bytes = isLimited ? growingFile(this.http, remote, file.checksum, path) : createReadStream(path);
    const text = format === 'jsonl' ? bytes : decompressedStream(bytes, format, file.path);
    let column: string | null = null;
    let read = 0;
    for await (const { line, number } of jsonLinesOf(text)) {
      read += line.length + 1;
      const place = { file: file.path, line: number };
      const parsed = parseObject(line);
      if ('record' in parsed && column === null) {
        column = chooseTextColumn(Object.keys(parsed.record), { ...this.request, keep: [] }, file.path);
        requireRoomForText(column, this.request.keep, file.path);
      }
      if (number <= start) continue;
      const outcome: RecordOutcome =
        'defect' in parsed
          ? { defect: parsed.defect, place }
          : textRecord({ ...parsed.record }, column!, this.request.keep, place);
      // Of a compressed file nobody knows how many lines are left.
      yield { outcome, index: number, share: format === 'jsonl' ? Math.min(1, read / file.size) : 0 };
    }
  }

  private localPath({ checksum, format }: HubDataFile): string {
    return join(this.folder, `${checksum.hex}${EXTENSIONS[format]}`);
  }
}

interface LocatedRecord {
  outcome: RecordOutcome;
  /** Rows or lines of the file up to and with this one. */
  index: number;
  /** Of the file, 0 … 1. */
  share: number;
}

const EXTENSIONS: Readonly<Record<DataFormat, string>> = {
  jsonl: '.jsonl',
  gzip: '.jsonl.gz',
  zstd: '.jsonl.zst',
  parquet: '.parquet',
};

function rowsFrom(start: number, end: number): Uint32Array {
  return Uint32Array.from({ length: end - start }, (_, i) => start + i);
}
