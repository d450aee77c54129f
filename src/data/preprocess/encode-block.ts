import { asPluginFailure } from '../../plugins/compressor-instance.js';
import type { Compressor, Encoded, RecordField } from '../../plugins/contracts.js';
import { symbolsFault } from '../../plugins/symbols.js';
import { encodeBase64 } from '../../support/base64.js';
import { CompressorError, type PcError, PluginError } from '../../support/errors.js';
import type { BadRecordPolicy } from '../documents.js';
import type { Defect } from '../records.js';
import type { RecordsBlock } from './blocks.js';
import { type KeptRecord, recordsOf } from './records-in-block.js';

/** A compressor by its name. */
export interface NamedCompressor {
  name: string;
  compressor: Compressor;
}

/** What is added to a record. */
type AddedFields = readonly (readonly [field: string, value: string])[];

/** A record and what is added to it, in the order of the compressors. */
export interface ExtendedRecord extends KeptRecord {
  added: AddedFields;
}

export interface BlockCounts {
  documents: number;
  empty: number;
  skipped: number;
  /** Of the documents, as UTF-8. */
  textBytes: number;
  /** In the order of the compressors: symbols, and milliseconds that encoding took. */
  symbols: number[];
  milliseconds: number[];
}

/**
 * Adds the codes of every compressor to every record of a block that has a text. Records are encoded one after the
 * other, so that little is in memory at once; all of them together where a compressor works on batches.
 *
 * @param take gets the records that are kept, in order
 * @throws DataError for a record that has codes already; DataError for a bad record and CompressorError for one that a
 *   compressor cannot represent, under the policy `fail`; PluginError for a compressor that fails or breaks its contract
 */
export async function encodeBlock(
  block: RecordsBlock,
  compressors: readonly NamedCompressor[],
  onBadRecord: BadRecordPolicy,
  take: (record: ExtendedRecord) => void,
): Promise<BlockCounts> {
  const zeros = (): number[] => compressors.map(() => 0);
  const counts = { documents: 0, empty: 0, skipped: 0, textBytes: 0, symbols: zeros(), milliseconds: zeros() };
  const together = compressors.some(({ compressor }) => compressor.encodeBatch !== undefined);
  let records: KeptRecord[] = [];
  for await (const record of recordsOf(block, onBadRecord, (record) => codesPresent(record, compressors))) {
    if ('skipped' in record) {
      counts.skipped++;
      continue;
    }
    records.push(record);
    if (together) continue;
    await encodeRecords(records, compressors, block, onBadRecord, counts, take);
    records = [];
  }
  await encodeRecords(records, compressors, block, onBadRecord, counts, take);
  return counts;
}

/** Encodes some records and adds them to the counts. */
async function encodeRecords(
  records: readonly KeptRecord[],
  compressors: readonly NamedCompressor[],
  block: RecordsBlock,
  onBadRecord: BadRecordPolicy,
  counts: BlockCounts,
  take: (record: ExtendedRecord) => void,
): Promise<void> {
  const documents = records.filter((record): record is Document => record.text !== null);
  const byCompressor: CodedDocuments[] = [];
  for (const [c, compressor] of compressors.entries()) {
    const coded = await encodeAll(documents, compressor, block, onBadRecord);
    counts.milliseconds[c]! += coded.milliseconds;
    byCompressor.push(coded);
  }
  let document = 0;
  for (const record of records) {
    if (record.text === null) {
      counts.empty++;
      take({ ...record, added: [] });
      continue;
    }
    const codes = byCompressor.map(({ codes }) => codes[document] ?? null);
    document++;
    if (codes.includes(null)) {
      counts.skipped++;
      continue;
    }
    counts.documents++;
    counts.textBytes += record.text.length;
    for (const [c, code] of codes.entries()) counts.symbols[c]! += code!.symbols;
    take({ ...record, added: codes.flatMap((code) => code!.fields) });
  }
}

type Document = KeptRecord & { text: Uint8Array };

/** What a compressor made of some documents. */
interface CodedDocuments {
  /** Null for a document that it refuses, under the policy `skip`. */
  codes: (CodedDocument | null)[];
  /** That encoding took. */
  milliseconds: number;
}

/** Codes as they are written: symbols take several times the space of the text. */
interface CodedDocument {
  symbols: number;
  fields: AddedFields;
}

function codesPresent(record: KeptRecord['record'], compressors: readonly NamedCompressor[]): Defect | null {
  for (const { compressor } of compressors)
    for (const field of [compressor.field.name, compressor.field.sideName])
      if (field !== undefined && Object.hasOwn(record, field))
        return {
          what: 'the record has codes of this compressor already',
          field,
          hint: 'Preprocess the original data, or leave out the compressor.',
        };
  return null;
}

async function encodeAll(
  documents: readonly Document[],
  named: NamedCompressor,
  { file }: RecordsBlock,
  onBadRecord: BadRecordPolicy,
): Promise<CodedDocuments> {
  const { name, compressor } = named;
  const started = performance.now();
  if (compressor.encodeBatch !== undefined) {
    const batch = await attempt(name, () => compressor.encodeBatch!(documents.map(({ text }) => text)));
    const milliseconds = performance.now() - started;
    if (!(batch instanceof CompressorError))
      return {
        codes: requireAll(batch, documents.length, name).map((encoded) => written(encoded, named)),
        milliseconds,
      };
    // It does not say which of them it refuses; each alone does.
  }
  const codes: CodedDocuments['codes'] = [];
  let milliseconds = 0;
  for (const { text, number } of documents) {
    const begun = performance.now();
    const encoded = await attempt(name, async () => compressor.encode(text));
    milliseconds += performance.now() - begun;
    if (!(encoded instanceof CompressorError)) {
      codes.push(written(encoded, named));
      continue;
    }
    const { message, hint, location } = encoded;
    if (onBadRecord === 'fail')
      throw new CompressorError(message, { file: file.path, line: number, ...location, hint, cause: encoded });
    codes.push(null);
  }
  return { codes, milliseconds };
}

/** @throws PluginError if the codes break the compressor's contract, or it cannot write them */
function written(encoded: Encoded, named: NamedCompressor): CodedDocument {
  const fault = symbolsFault(encoded.symbols, named.compressor.alphabetSize);
  if (fault !== null) throw brokenContract(named.name, fault);
  return { symbols: encoded.symbols.length, fields: fieldsOf(encoded, named) };
}

/** What the work gives, or the compressor's refusal. @throws PcError for any other failure */
async function attempt<T>(name: string, encode: () => Promise<T>): Promise<T | CompressorError> {
  try {
    return await encode();
  } catch (error) {
    if (error instanceof CompressorError) return error;
    throw asPluginFailure(error, `the compressor "${name}" failed on a document`);
  }
}

function requireAll(encoded: Encoded[], count: number, name: string): Encoded[] {
  if (encoded.length === count) return encoded;
  throw brokenContract(name, `encodeBatch gave ${encoded.length} codes for ${count} documents`);
}

function brokenContract(name: string, what: string): PcError {
  return new PluginError(`the compressor "${name}" is invalid: ${what}`, {
    hint: 'Report this to the author of the plugin; docs/plugins.md describes the contract.',
  });
}

function fieldsOf(encoded: Encoded, { name, compressor: { field } }: NamedCompressor): [string, string][] {
  const codes: [string, string] = [field.name, textOf(encoded, name, field)];
  const { side } = encoded;
  if (field.sideName === undefined || side === undefined || side.length === 0) return [codes];
  return [codes, [field.sideName, encodeBase64(side)]];
}

function textOf(encoded: Encoded, name: string, field: RecordField): string {
  try {
    return field.write(encoded);
  } catch (error) {
    throw asPluginFailure(error, `the compressor "${name}" could not write its codes`);
  }
}
