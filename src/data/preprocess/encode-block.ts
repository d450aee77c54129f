import { asPluginFailure } from '../../plugins/compressor-instance.js';
import type { Compressor, Encoded, RecordField } from '../../plugins/contracts.js';
import { encodeBase64 } from '../../support/base64.js';
import { CompressorError, type PcError, PluginError } from '../../support/errors.js';
import type { BadRecordPolicy } from '../documents.js';
import { LINE_FEED } from '../lines.js';
import type { Defect } from '../records.js';
import type { RecordsBlock } from './blocks.js';
import { type KeptRecord, recordsOf } from './records-in-block.js';

/** A compressor by its name. */
export interface NamedCompressor {
  name: string;
  compressor: Compressor;
}

/** What became of a block. */
export interface EncodedRecords {
  records: ExtendedRecord[];
  counts: BlockCounts;
}

/** A record and what is added to it, in the order of the compressors. */
export interface ExtendedRecord extends KeptRecord {
  added: readonly (readonly [field: string, value: string])[];
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
 * Adds the codes of every compressor to every record of a block that has a text.
 *
 * @throws DataError for a bad record, or one that has codes already, and CompressorError for one that a compressor
 *   cannot represent, under the policy `fail`; PluginError for a compressor that fails or breaks its contract
 */
export async function encodeBlock(
  block: RecordsBlock,
  compressors: readonly NamedCompressor[],
  onBadRecord: BadRecordPolicy,
): Promise<EncodedRecords> {
  const { records, skipped } = await recordsOf(block, onBadRecord, (record) => codesPresent(record, compressors));
  const documents = records.filter((record): record is Document => record.text !== null);
  const refused = new Set<Document>();
  const codes: (Encoded | null)[][] = [];
  const milliseconds: number[] = [];
  for (const { name, compressor } of compressors) {
    const started = performance.now();
    const encoded = await encodeAll(documents, name, compressor, block, onBadRecord);
    milliseconds.push(performance.now() - started);
    for (const [i, codesOfDocument] of encoded.entries()) {
      if (codesOfDocument === null) refused.add(documents[i]!);
      else requireSymbols(codesOfDocument, name, compressor);
    }
    codes.push(encoded);
  }
  const counts: BlockCounts = {
    documents: 0,
    empty: records.length - documents.length,
    skipped: skipped + refused.size,
    textBytes: 0,
    symbols: compressors.map(() => 0),
    milliseconds,
  };
  const added = new Map<KeptRecord, ExtendedRecord['added']>();
  for (const [i, document] of documents.entries()) {
    if (refused.has(document)) continue;
    counts.documents++;
    counts.textBytes += document.text.length;
    for (const [c, ofCompressor] of codes.entries()) counts.symbols[c]! += ofCompressor[i]!.symbols.length;
    added.set(
      document,
      codes.flatMap((ofCompressor, c) => fieldsOf(ofCompressor[i]!, compressors[c]!)),
    );
  }
  const kept = records.filter((record) => !refused.has(record as Document));
  return { records: kept.map((record) => ({ ...record, added: added.get(record) ?? [] })), counts };
}

/**
 * The records as lines of JSON, each as it was read with the added fields at its end: numbers, escapes and the order of
 * fields stay.
 */
export function asLines(records: readonly ExtendedRecord[]): Uint8Array<ArrayBuffer> {
  const pieces = records.flatMap(({ line, added }) => {
    const length = trimmedLength(line);
    if (added.length === 0) return [line.subarray(0, length), NEXT_LINE];
    const fields = added.map(([field, value]) => `,${JSON.stringify(field)}:${JSON.stringify(value)}`);
    // What ends a line that is an object is its brace.
    return [line.subarray(0, length - 1), Buffer.from(`${fields.join('')}}\n`)];
  });
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

const NEXT_LINE = Uint8Array.of(LINE_FEED);

type Document = KeptRecord & { text: Uint8Array };

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

/** The codes of all documents; null for those that the compressor refuses, under the policy `skip`. */
async function encodeAll(
  documents: readonly Document[],
  name: string,
  compressor: Compressor,
  { file }: RecordsBlock,
  onBadRecord: BadRecordPolicy,
): Promise<(Encoded | null)[]> {
  if (compressor.encodeBatch !== undefined) {
    const batch = await attempt(name, () => compressor.encodeBatch!(documents.map(({ text }) => text)));
    if (!(batch instanceof CompressorError)) return requireAll(batch, documents.length, name);
    // It does not say which of them it refuses; each alone does.
  }
  const all: (Encoded | null)[] = [];
  for (const { text, number } of documents) {
    const encoded = await attempt(name, async () => compressor.encode(text));
    if (!(encoded instanceof CompressorError)) {
      all.push(encoded);
      continue;
    }
    const { message, hint, location } = encoded;
    if (onBadRecord === 'fail')
      throw new CompressorError(message, { file: file.path, line: number, ...location, hint, cause: encoded });
    all.push(null);
  }
  return all;
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

function requireSymbols({ symbols }: Encoded, name: string, { alphabetSize }: Compressor): void {
  if (!(symbols instanceof Uint32Array)) throw brokenContract(name, 'encode gave no Uint32Array of symbols');
  for (const symbol of symbols)
    if (symbol >= alphabetSize)
      throw brokenContract(name, `symbol ${symbol} is outside its alphabet of ${alphabetSize}`);
}

function brokenContract(name: string, what: string): PcError {
  return new PluginError(`the compressor "${name}" is invalid: ${what}`, {
    hint: 'Report this to the author of the plugin; docs/plugins.md describes the contract.',
  });
}

function fieldsOf(encoded: Encoded, { name, compressor: { field } }: NamedCompressor): [string, string][] {
  const codes: [string, string] = [field.name, written(encoded, name, field)];
  const { side } = encoded;
  if (field.sideName === undefined || side === undefined || side.length === 0) return [codes];
  return [codes, [field.sideName, encodeBase64(side)]];
}

function written(encoded: Encoded, name: string, field: RecordField): string {
  try {
    return field.write(encoded);
  } catch (error) {
    throw asPluginFailure(error, `the compressor "${name}" could not write its codes`);
  }
}

/** Length without the white space at the end. */
function trimmedLength(line: Uint8Array): number {
  let length = line.length;
  while (length > 0 && line[length - 1]! <= 0x20) length--;
  return length;
}
