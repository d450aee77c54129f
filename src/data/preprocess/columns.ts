import type { ExtendedRecord } from './encode-block.js';
import type { KeptRecord } from './records-in-block.js';

/** What the values of one field are, over all records: the least kind that holds them all. */
export type ColumnKind = 'boolean' | 'integer' | 'number' | 'string' | 'json';

/** The fields of records and their kinds, in the order in which they first come; null: nothing but nulls so far. */
export type FieldKinds = [field: string, kind: ColumnKind | null][];

export interface Column {
  name: string;
  kind: ColumnKind;
}

/** A column's values for some records; null where a record lacks the field. */
export type ColumnValues = unknown[];

/** The fields of some records. */
export function fieldKinds(records: readonly Pick<KeptRecord, 'record'>[]): FieldKinds {
  const kinds = new Map<string, ColumnKind | null>();
  for (const { record } of records)
    for (const [field, value] of Object.entries(record)) kinds.set(field, wider(kinds.get(field), kindOf(value)));
  return [...kinds];
}

/** The fields of records of which parts are known. */
export function mergeFieldKinds(parts: readonly FieldKinds[]): FieldKinds {
  const kinds = new Map<string, ColumnKind | null>();
  for (const part of parts) for (const [field, kind] of part) kinds.set(field, wider(kinds.get(field), kind));
  return [...kinds];
}

/** The columns of records with these fields and with added ones, which are text. */
export function columnsOf(kinds: FieldKinds, added: readonly string[]): Column[] {
  const own = kinds.map(([name, kind]) => ({ name, kind: kind ?? 'string' }));
  return [...own, ...added.map((name): Column => ({ name, kind: 'string' }))];
}

/** The values of each column. */
export function valuesOf(records: readonly ExtendedRecord[], columns: readonly Column[]): ColumnValues[] {
  const added = records.map((record) => new Map(record.added));
  return columns.map(({ name }) => records.map(({ record }, i) => added[i]!.get(name) ?? record[name] ?? null));
}

function kindOf(value: unknown): ColumnKind | null {
  if (value === null) return null;
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value !== 'number') return 'json';
  return Number.isSafeInteger(value) ? 'integer' : 'number';
}

function wider(a: ColumnKind | null | undefined, b: ColumnKind | null): ColumnKind | null {
  if (a == null || b === null) return a ?? b;
  if (a === b) return a;
  const numbers = new Set<ColumnKind>(['integer', 'number']);
  return numbers.has(a) && numbers.has(b) ? 'number' : 'json';
}
