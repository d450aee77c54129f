import { type BadRecordPolicy, badRecord } from '../documents.js';
import { type Defect, parseObject, readRecord } from '../records.js';
import { linesOf, type RecordsBlock } from './blocks.js';

/** A record that is kept: a document, or one whose text is empty. */
export interface KeptRecord {
  /** JSON without a line feed; a view. */
  line: Uint8Array;
  /** 1-based line or row within the file. */
  number: number;
  record: Readonly<Record<string, unknown>>;
  /** UTF-8 text; null if it is empty. */
  text: Uint8Array | null;
}

/** A record that cannot be used, under the policy `skip`. */
export interface SkippedRecord {
  skipped: true;
}

/**
 * The records of a block, one after the other: parsed, they take several times the space of their lines.
 *
 * @param refuse what speaks against a record that can be read: it is refused under either policy, for nothing is wrong with it
 * @throws DataError for a refused record, and for a bad one under the policy `fail`, with file, line and field; if the file is
 *   damaged
 */
export async function* recordsOf(
  block: RecordsBlock,
  onBadRecord: BadRecordPolicy,
  refuse: (record: KeptRecord['record']) => Defect | null = () => null,
): AsyncGenerator<KeptRecord | SkippedRecord> {
  for (const { line, number } of await linesOf(block)) {
    const parsed = parseObject(line);
    const result = 'defect' in parsed ? parsed : readRecord(parsed.record, null);
    if ('defect' in result) {
      if (onBadRecord === 'fail') throw badRecord(result.defect, block.file, number);
      yield { skipped: true };
    } else if ('record' in parsed) {
      const refusal = refuse(parsed.record);
      if (refusal !== null) throw badRecord(refusal, block.file, number);
      yield { line, number, record: parsed.record, text: 'document' in result ? result.document.bytes : null };
    }
  }
}
