import { DataError, DownloadError } from '../../support/errors.js';
import type { RowRange } from '../parquet-file.js';
import { asJson } from '../record-lines.js';
import type { ContentArchive } from './content-archive.js';
import { type Claim, HeldMemory } from './held-memory.js';
import type { HttpClient } from './http-client.js';
import type { Hub, HubDataset } from './hub.js';
import { chooseDataFiles, type HubDataFile } from './hub-data-files.js';
import { languageQuotas, parseLanguages, STACK_EDU_LANGUAGES, type StackEduLanguage } from './language-quotas.js';
import { decodeLeniently } from './lenient-utf8.js';
import type { StackEduRequest } from './options.js';
import { inOrder } from './ordered-work.js';
import { RemoteParquet, type RemoteRowGroup } from './remote-parquet.js';
import { selectRows } from './row-selection.js';
import type { Position, RecordOutcome, RecordPlace, Source, SourceRecord } from './source.js';

/** The dataset of metadata; the texts are elsewhere. */
const STACK_EDU = 'HuggingFaceTB/stack-edu';

/** The column with the name of the content. */
const BLOB_ID = 'blob_id';

/** What is fixed once, so that a download that goes on is the same download. */
export interface StackEduPlan {
  dataset: HubDataset;
  languages: PlannedLanguage[];
}

interface PlannedLanguage {
  language: StackEduLanguage;
  /** Documents to choose: the quota, or all where there are fewer. */
  count: number;
  files: (HubDataFile & { rows: number })[];
}

/** Compressed bytes of row groups that are held at once. */
const HELD_BYTES = 64 * 2 ** 20;
/** Bytes of contents, compressed and not, that are held at once beside those of the next one. */
const HELD_CONTENT_BYTES = 256 * 2 ** 20;

/**
 * Finds the files of each language and counts their rows, which takes the footers of all of them.
 *
 * @throws UsageError for an unknown language; DownloadError if the dataset is not what it was
 */
export async function planStackEdu(
  hub: Hub,
  http: HttpClient,
  request: StackEduRequest,
  concurrency: number,
): Promise<StackEduPlan> {
  const chosen = request.languages === null ? STACK_EDU_LANGUAGES : parseLanguages(request.languages);
  const dataset = await hub.dataset(STACK_EDU, request.revision);
  const listed = await hub.files(dataset);
  const languages: PlannedLanguage[] = [];
  for (const [language, quota] of languageQuotas(request.samples, chosen)) {
    if (quota === 0) continue;
    const files = chooseDataFiles(dataset, listed, { config: language, split: 'train' });
    if (files.length === 0 || files.some(({ format }) => format !== 'parquet')) {
      throw new DownloadError(`${STACK_EDU} has no Parquet files for ${language} at ${request.revision}`, {
        hint: 'Choose another --revision, or other --languages.',
      });
    }
    const counted: PlannedLanguage['files'] = [];
    const open = async (file: HubDataFile) => ({
      ...file,
      rows: (await RemoteParquet.open(http, hub.remoteFile(dataset, file))).rows,
    });
    for await (const file of inOrder(files, { count: concurrency }, open)) counted.push(file);
    const rows = counted.reduce((sum, file) => sum + file.rows, 0);
    languages.push({ language, count: Math.min(quota, rows), files: counted });
  }
  return { dataset, languages };
}

/** The chosen rows of each language with their contents, in the order of the dataset. */
export class StackEduSource implements Source {
  readonly total: Source['total'];

  constructor(
    private readonly hub: Hub,
    private readonly http: HttpClient,
    private readonly archive: ContentArchive,
    private readonly plan: StackEduPlan,
    private readonly request: StackEduRequest,
    private readonly concurrency: number,
  ) {
    this.total = { unit: 'documents', count: plan.languages.reduce((sum, { count }) => sum + count, 0) };
  }

  get origin() {
    const { dataset, languages } = this.plan;
    const { revision, seed, samples, contents } = this.request;
    const chosen = Object.fromEntries(languages.map(({ language, count }) => [language, count]));
    return { dataset: dataset.name, revision, commit: dataset.commit, seed, samples, languages: chosen, contents };
  }

  async *records(from: Position): AsyncGenerator<SourceRecord> {
    let before = 0;
    for (const [part, planned] of this.plan.languages.entries()) {
      if (part >= from.part) {
        const start = part === from.part ? from.index : 0;
        const chosen = this.chosenRows(planned, start);
        let index = start;
        const contents = new HeldMemory(HELD_CONTENT_BYTES);
        const work = (row: ChosenRow) => {
          // Begun here, in the order in which the results are taken.
          const memory = contents.begin();
          return this.outcome(row, memory).then((outcome) => ({ outcome, memory }));
        };
        for await (const { outcome, memory } of inOrder(chosen, { count: this.concurrency }, work)) {
          index++;
          yield { outcome, after: { part, index }, done: before + index };
          memory.end();
        }
      }
      before += planned.count;
    }
  }

  /** @param skip chosen rows that are done */
  private async *chosenRows({ files, count }: PlannedLanguage, skip: number): AsyncGenerator<ChosenRow> {
    const total = files.reduce((sum, { rows }) => sum + rows, 0);
    const chosen = selectRows(total, count, this.request.seed).subarray(skip);
    let start = 0;
    for (const file of files) {
      const ofFile = between(chosen, start, start + file.rows).map((row) => row - start);
      if (ofFile.length > 0) yield* this.rowsOf(file, ofFile);
      start += file.rows;
    }
  }

  private async *rowsOf(file: HubDataFile, chosen: Uint32Array): AsyncGenerator<ChosenRow> {
    const parquet = await RemoteParquet.open(this.http, this.hub.remoteFile(this.plan.dataset, file));
    const columns = parquet.columns.map(({ name }) => name);
    if (!columns.includes(BLOB_ID)) {
      throw new DataError(`there is no column ${BLOB_ID} (the columns: ${columns.join(', ')})`, {
        file: file.path,
        field: BLOB_ID,
        hint: 'The dataset changed: choose an earlier --revision.',
      });
    }
    const groups = parquet.rowGroups(columns).filter(({ start, end }) => between(chosen, start, end).length > 0);
    const limits = {
      count: this.concurrency,
      weight: { of: ({ compressed }: RemoteRowGroup) => compressed, limit: HELD_BYTES },
    };
    const fetch = (group: RowRange) => parquet.fetch(group, columns, between(chosen, group.start, group.end));
    for await (const fetched of inOrder(groups, limits, fetch)) {
      for await (const { row, number } of fetched.rows()) yield { row, place: { file: file.path, line: number + 1 } };
    }
  }

  private async outcome({ row, place }: ChosenRow, memory: Claim): Promise<RecordOutcome> {
    const id = String(asJson('', row[BLOB_ID]));
    if (!/^[0-9a-f]{40}$/.test(id)) {
      return { defect: { what: 'the name of the content is no SHA-1', field: BLOB_ID }, place };
    }
    const content = await this.archive.content(id, memory);
    if (content === 'missing') return { leftOut: 'missing' };
    if ('damaged' in content) return { defect: { what: content.damaged, field: BLOB_ID }, place };
    const text = decodeLeniently(content.bytes);
    if (text === '') return { leftOut: 'empty' };
    return { line: Buffer.from(JSON.stringify({ text, ...row }, asJson)), textBytes: Buffer.byteLength(text) };
  }
}

interface ChosenRow {
  row: Record<string, unknown>;
  place: RecordPlace;
}

/** The part of rising numbers that is in `start` … `end` − 1; a view. */
function between(rising: Uint32Array, start: number, end: number): Uint32Array {
  return rising.subarray(lowerBound(rising, start), lowerBound(rising, end));
}

/** How many of rising numbers are below the limit. */
function lowerBound(rising: Uint32Array, limit: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
