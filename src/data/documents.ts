import { DataError, type ErrorLocation } from '../support/errors.js';
import type { RecordBlock } from './blocks.js';
import type { DataFile } from './data-files.js';
import { partitionSource } from './partition.js';
import type { DataDocument, Defect, FieldPattern, RecordResult } from './records.js';

/** What to do with a record that cannot be used. */
export type BadRecordPolicy = 'fail' | 'skip';

/** Records that were passed over. */
export interface PassedOver {
  /** Unusable records, under the policy `skip`. */
  bad: number;
  /** Documents without a single byte. */
  empty: number;
}

/** Counts a record that is no document. Returns its defect where the policy is not to pass over it. */
export function passOver(
  result: Exclude<RecordResult, { document: DataDocument }>,
  policy: BadRecordPolicy,
  passedOver: PassedOver,
): Defect | null {
  if ('empty' in result) {
    passedOver.empty++;
    return null;
  }
  if (policy === 'fail') return result.defect;
  passedOver.bad++;
  return null;
}

export function badRecord({ what, field, hint }: Defect, file: Pick<DataFile, 'path'>, line: number): DataError {
  return new DataError(what, {
    file: file.path,
    line,
    field,
    hint: hint ?? 'Repair the record, or skip such records with --on-bad-record skip.',
  });
}

/**
 * The document of one record, or null if there is none.
 *
 * @param passedOver counts why
 * @throws DataError for a bad record under the policy `fail`, with its file, line and field
 */
export async function documentOf(
  file: DataFile,
  block: RecordBlock,
  index: number,
  policy: BadRecordPolicy,
  passedOver: PassedOver,
): Promise<DataDocument | null> {
  const result = block.read(index);
  if ('document' in result) return result.document;
  const defect = passOver(result, policy, passedOver);
  if (defect !== null) throw badRecord(defect, file, await block.lineOf(index));
  return null;
}

export interface ReadDocumentsOptions {
  onBadRecord: BadRecordPolicy;
  codeField?: FieldPattern | null;
  /** Counts what is passed over, while reading. */
  passedOver?: PassedOver;
}

/** A document and where it was read. */
export interface LocatedDocument extends DataDocument {
  file: string;
  /** Its file and line, for messages: counting lines reads the file. */
  locate(): Promise<ErrorLocation>;
}

const READ_AHEAD_BYTES = 1_048_576;

/**
 * Every document of a folder or file, in order, with memory that does not grow with the data: for evaluation and
 * preprocessing, where each document is read once.
 *
 * @throws DataError for missing or damaged files, and for bad records unless they are skipped
 */
export async function* readDocuments(path: string, options: ReadDocumentsOptions): AsyncGenerator<LocatedDocument> {
  const { onBadRecord, codeField = null, passedOver = { bad: 0, empty: 0 } } = options;
  const partition = await partitionSource(path, { rows: 1, blockBytes: READ_AHEAD_BYTES });
  for (const unit of partition.units) {
    const file = partition.files[unit.file]!;
    const reader = partition.open(unit, { blockBytes: READ_AHEAD_BYTES, codeField });
    try {
      for (let next: number | null | undefined; next !== null; ) {
        const block = await reader.block(next ?? null);
        for (let i = 0; i < block.count; i++) {
          const document = await documentOf(file, block, i, onBadRecord, passedOver);
          if (document === null) continue;
          const locate = async () => ({ file: file.path, line: await block.lineOf(i) });
          yield { ...document, file: file.path, locate };
        }
        next = block.next;
      }
    } finally {
      await reader.close();
    }
  }
}
