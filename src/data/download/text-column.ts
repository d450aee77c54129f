import { DataError } from '../../support/errors.js';
import { nearestName } from '../../support/nearest-name.js';
import { asJson } from '../record-lines.js';
import { readRecord } from '../records.js';
import { TEXT_COLUMNS } from './options.js';
import type { RecordOutcome, RecordPlace } from './source.js';

export interface ColumnChoice {
  /** Null: the only one of `TEXT_COLUMNS` that is there. */
  textColumn: string | null;
  /** Columns that are kept beside the text. */
  keep: readonly string[];
}

/**
 * The column that the text is taken from.
 *
 * @throws DataError if it is not there, if several could be meant, or if a column to be kept is missing
 */
export function chooseTextColumn(columns: readonly string[], { textColumn, keep }: ColumnChoice, file: string): string {
  for (const name of [textColumn, ...keep]) {
    if (name === null || columns.includes(name)) continue;
    const near = nearestName(name, columns);
    throw new DataError(`there is no column ${name} (the columns: ${columns.join(', ')})`, {
      file,
      field: name,
      hint: near === undefined ? 'Choose among them with --text-column and --keep.' : `Did you mean ${near}?`,
    });
  }
  if (textColumn !== null) return textColumn;
  const candidates = TEXT_COLUMNS.filter((name) => columns.includes(name));
  if (candidates.length === 1) return candidates[0]!;
  const what =
    candidates.length === 0
      ? `no column is named ${TEXT_COLUMNS.join(', ')}`
      : `the text may be in ${candidates.join(' or ')}`;
  throw new DataError(`${what} (the columns: ${columns.join(', ')})`, {
    file,
    hint: 'Name the column with the text: --text-column NAME.',
  });
}

/** @throws DataError if a column that is kept would take the place of the text in the records */
export function requireRoomForText(column: string, keep: readonly string[], file: string): void {
  if (column === 'text' || !keep.includes('text')) return;
  throw new DataError(`the field text holds the column ${column}, so that the column text cannot be kept beside it`, {
    file,
    field: 'text',
    hint: 'Leave text out of --keep, or take the text from it by --text-column text.',
  });
}

/**
 * A record of the dataset: the text, and the columns that are kept.
 *
 * @param row strings as text or as UTF-8 bytes
 */
export function textRecord(
  row: Readonly<Record<string, unknown>>,
  column: string,
  keep: readonly string[],
  place: RecordPlace,
): RecordOutcome {
  const text = row[column];
  if (text === null || text === undefined) return { leftOut: 'empty' };
  const result = readRecord({ text }, null);
  if ('empty' in result) return { leftOut: 'empty' };
  if ('defect' in result) {
    return { defect: { ...result.defect, field: column, hint: undefined }, place };
  }
  const { bytes } = result.document;
  const kept = Object.fromEntries(keep.map((name) => [name, row[name] ?? null]));
  const line = JSON.stringify({ text: Buffer.from(bytes).toString('utf8'), ...kept }, asJson);
  return { line: Buffer.from(line), textBytes: bytes.length };
}
