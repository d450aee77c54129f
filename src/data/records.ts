import { isUtf8 } from 'node:buffer';
import { LONGEST_LINE } from './lines.js';

/** One training document. */
export interface DataDocument {
  /** UTF-8 text, never empty. */
  bytes: Uint8Array;
  /** Precomputed codes by field name; only the fields asked for. */
  codes: ReadonlyMap<string, string>;
}

/** What is wrong with a record. */
export interface Defect {
  what: string;
  field?: string;
  hint?: string;
}

/** A record is a document, has no text, or cannot be used. Data, not exceptions: the reader's policy decides. */
export type RecordResult = { document: DataDocument } | { empty: true } | { defect: Defect };

/** A field's name, or the beginning of several names before a final `*`. */
export type FieldPattern = string;

/** The text is in the first of these fields that a record has. */
export const TEXT_FIELDS = ['text', 'content'] as const;

const NO_CODES: ReadonlyMap<string, string> = new Map();

export function matchesField(pattern: FieldPattern, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** Reads one line of JSONL. Only the text and the code fields asked for are kept. */
export function parseLine(line: Uint8Array, codeField: FieldPattern | null): RecordResult {
  const parsed = parseObject(line);
  return 'defect' in parsed ? parsed : readRecord(parsed.record, codeField);
}

/** The JSON object on one line, with all its fields. Readers cut longer lines behind `LONGEST_LINE`, and they are refused. */
export function parseObject(line: Uint8Array): { record: Readonly<Record<string, unknown>> } | { defect: Defect } {
  if (line.length > LONGEST_LINE) return { defect: { what: `the line is longer than ${LONGEST_LINE} bytes` } };
  if (!isUtf8(line)) {
    return { defect: { what: 'the line is not valid UTF-8', hint: 'Re-encode the file as UTF-8.' } };
  }
  let record: unknown;
  try {
    record = JSON.parse(utf8(line));
  } catch (error) {
    return { defect: { what: `malformed JSON: ${error instanceof Error ? error.message : String(error)}` } };
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    return { defect: { what: 'the line is not a JSON object' } };
  }
  return { record: record as Record<string, unknown> };
}

/**
 * Reads a record whose fields are strings, as JSON has them, or UTF-8 bytes, as Parquet has them.
 */
export function readRecord(record: Readonly<Record<string, unknown>>, codeField: FieldPattern | null): RecordResult {
  const field = TEXT_FIELDS.find((name) => record[name] !== undefined && record[name] !== null);
  if (field === undefined) {
    return {
      defect: {
        what: `the record has no text (its fields: ${Object.keys(record).slice(0, 8).join(', ') || 'none'})`,
        field: TEXT_FIELDS[0],
        hint: `Put the text in a field named ${TEXT_FIELDS.map((name) => `"${name}"`).join(' or ')}.`,
      },
    };
  }
  const bytes = textBytes(record[field], field);
  if (!(bytes instanceof Uint8Array)) return { defect: bytes };
  if (bytes.length === 0) return { empty: true };
  if (codeField === null) return { document: { bytes, codes: NO_CODES } };
  const codes = new Map<string, string>();
  for (const [name, value] of Object.entries(record)) {
    if (!matchesField(codeField, name) || value === undefined || value === null) continue;
    const text = value instanceof Uint8Array ? utf8(value) : value;
    if (typeof text !== 'string') return { defect: { what: 'the codes are not a string', field: name } };
    codes.set(name, text);
  }
  if (codes.size === 0) {
    return {
      defect: {
        what: 'the record has no precomputed codes',
        field: codeField,
        hint: 'Run `pc preprocess`, or set data.codeField to null to compress while loading.',
      },
    };
  }
  return { document: { bytes, codes } };
}

function textBytes(value: unknown, field: string): Uint8Array | Defect {
  if (value instanceof Uint8Array) {
    return isUtf8(value) ? value : { what: 'the text is not valid UTF-8', field };
  }
  if (typeof value !== 'string') return { what: `the text is a ${kindOf(value)}, not a string`, field };
  if (!value.isWellFormed()) {
    return { what: 'the text has a lone surrogate, which UTF-8 cannot represent', field };
  }
  return Buffer.from(value, 'utf8');
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'list' : typeof value;
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}
