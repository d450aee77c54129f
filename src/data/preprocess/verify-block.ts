import { asPluginFailure } from '../../plugins/compressor-instance.js';
import type { Compressor } from '../../plugins/contracts.js';
import { decodeBase64 } from '../../support/base64.js';
import { CompressorError, DataError, type ErrorLocation, PcError } from '../../support/errors.js';
import type { RecordsBlock } from './blocks.js';
import type { NamedCompressor } from './encode-block.js';
import { type KeptRecord, recordsOf } from './records-in-block.js';

/** What was found in a block of a shard. */
export interface VerifiedCounts {
  documents: number;
  empty: number;
}

/**
 * Decodes the codes of every record of a shard, and compares them with its text.
 *
 * @throws DataError for a record that lacks codes or cannot be read; CompressorError for codes that are damaged or stand
 *   for another text. All say where.
 */
export async function verifyBlock(
  block: RecordsBlock,
  compressors: readonly NamedCompressor[],
): Promise<VerifiedCounts> {
  const counts = { documents: 0, empty: 0 };
  for await (const kept of recordsOf(block, 'fail')) {
    if ('skipped' in kept) continue;
    const { record, number, text } = kept;
    if (text === null) {
      counts.empty++;
      continue;
    }
    counts.documents++;
    for (const { name, compressor } of compressors) {
      const place = { file: block.file.path, line: number, field: compressor.field.name };
      const decoded = await decodedOf(record, name, compressor, place);
      if (Buffer.compare(decoded, text) !== 0)
        throw new CompressorError(`the codes of ${name} stand for another text than that of their record`, {
          ...place,
          hint: 'The file was changed, or the compressor does not give back what it encoded: report it to its author.',
        });
    }
  }
  return counts;
}

async function decodedOf(
  record: KeptRecord['record'],
  name: string,
  compressor: Compressor,
  place: ErrorLocation,
): Promise<Uint8Array> {
  const { field } = compressor;
  const codes = record[field.name];
  if (typeof codes !== 'string')
    throw new DataError(`the record has no codes of ${name}`, { ...place, hint: 'Make the shard again.' });
  try {
    const encoded = field.read(codes);
    const side = field.sideName === undefined ? undefined : record[field.sideName];
    if (typeof side !== 'string') return await compressor.decode(encoded);
    const bytes = decodeBase64(side);
    if (bytes === undefined) throw new CompressorError('the side data is not base64');
    return await compressor.decode({ ...encoded, side: bytes });
  } catch (error) {
    const { message, hint } =
      error instanceof PcError ? error : asPluginFailure(error, `the compressor "${name}" failed on stored codes`);
    throw new CompressorError(message, { ...place, hint, cause: error });
  }
}
