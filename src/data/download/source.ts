import type { Defect } from '../records.js';

/** A place between two records; small JSON. */
export interface Position {
  /** Number of the file, or of the language, in the plan. */
  part: number;
  /** Records of the part that are done: rows or lines of a file, chosen rows of a language. */
  index: number;
}

/** Where records come from, in an order that never changes once it is planned. */
export interface Source {
  /** What the manifest tells of the origin. */
  readonly origin: Readonly<Record<string, unknown>>;
  /** How much there is, in documents or bytes of files. */
  readonly total: { unit: 'documents' | 'bytes'; count: number };
  /** All records from a place on. */
  records(from: Position): AsyncIterable<SourceRecord>;
}

export interface SourceRecord {
  /** Null where there is only a place to tell, such as the end of a file. */
  outcome: RecordOutcome | null;
  /** The place after it. */
  after: Position;
  /** What of the total is behind that place. */
  done: number;
}

/** A record becomes a line of the dataset or does not. Data, not exceptions: the policy decides. */
export type RecordOutcome =
  | { line: Uint8Array; textBytes: number }
  | { leftOut: 'missing' | 'empty' }
  | { defect: Defect; place: RecordPlace };

/** Where a record is in the dataset on the hub: a file, and a line or row from 1. */
export interface RecordPlace {
  file: string;
  line: number;
}
