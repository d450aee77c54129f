import type { FieldPattern, RecordResult } from './records.js';

/**
 * A part of a data file that is read by one row. Units of a source do not overlap and together hold every record once.
 */
export interface Unit {
  /** Index of the file within its source. */
  file: number;
  /** jsonl: first and one past the last byte in which a record of this unit may begin. parquet: rows. Others: unused. */
  start: number;
  end: number;
  /** Of the records in that range, those whose index within the file ≡ `stripe` modulo `stripes`. */
  stripe: number;
  stripes: number;
}

/** Consecutive records of a unit, small enough to be held and shuffled in memory. */
export interface RecordBlock {
  readonly count: number;
  read(index: number): RecordResult;
  /** 1-based line (jsonl) or row (parquet) of a record within its file, for messages. */
  lineOf(index: number): Promise<number>;
  /** Where the next block of the unit begins; null after the last. */
  readonly next: number | null;
}

export interface BlockReader {
  /**
   * @param start null for the first block, else `next` of the block before
   * @throws DataError if the file cannot be read or is damaged
   */
  block(start: number | null): Promise<RecordBlock>;
  close(): Promise<void>;
}

export interface BlockOptions {
  /** Bytes of records that a block holds; one more record may be longer than that. */
  blockBytes: number;
  codeField: FieldPattern | null;
}
