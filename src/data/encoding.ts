import { asPluginFailure } from '../plugins/compressor-instance.js';
import type { Compressor } from '../plugins/contracts.js';
import { symbolsFault } from '../plugins/symbols.js';
import { CompressorError, DataError, type ErrorLocation, PcError, PluginError } from '../support/errors.js';
import type { Random } from '../support/random/index.js';
import type { DataDocument } from './records.js';

/** What encoding needs of a compressor. */
export type Encoder = Pick<Compressor, 'encode' | 'field' | 'alphabetSize'>;

/** The field whose precomputed codes stand for a document, one drawn of several; null where it has none. */
export function drawCodeField({ codes }: DataDocument, random: Random): string | null {
  const fields = [...codes.keys()];
  return fields.length > 1 ? fields[random.integer(fields.length)]! : (fields[0] ?? null);
}

/**
 * The codes of a document: those stored in its field `codeField`, or freshly encoded where that is null.
 *
 * @param locate where the document was read, asked only when something is wrong
 * @throws CompressorError if the compressor cannot represent the document or did not write the codes; DataError if they
 *   are of another compressor; PluginError if the compressor fails by an error that is none of ours, or breaks its contract
 */
export async function symbolsOf(
  { bytes, codes }: DataDocument,
  codeField: string | null,
  compressor: Encoder,
  locate: () => Promise<ErrorLocation>,
): Promise<Uint32Array> {
  const stored = codeField === null ? null : codes.get(codeField);
  if (stored === undefined) {
    throw new DataError('the document has no precomputed codes any more', {
      ...(await locate()),
      field: codeField!,
      hint: 'Resume with the data as it was.',
    });
  }
  const symbols = await attempt(async () => {
    const encoded =
      stored === null ? await compressor.encode(bytes) : compressor.field.read(stored, codeField ?? undefined);
    return encoded.symbols;
  }, locate);
  const fault = symbolsFault(symbols, compressor.alphabetSize);
  if (fault === null) return symbols;
  if (codeField === null) {
    throw new PluginError(`the compressor broke its contract on a document: ${fault}`, {
      ...(await locate()),
      hint: 'Report this to the author of the plugin; docs/plugins.md describes the contract.',
    });
  }
  throw new DataError(`the codes are not of this compressor: ${fault}`, {
    ...(await locate()),
    field: codeField,
    hint: 'They were made by another compressor or with other options.',
  });
}

async function attempt<T>(encode: () => Promise<T>, locate: () => Promise<ErrorLocation>): Promise<T> {
  try {
    return await encode();
  } catch (cause) {
    const { message, hint, location } =
      cause instanceof PcError ? cause : asPluginFailure(cause, 'the compressor failed on a document');
    const Failure = cause instanceof PcError ? CompressorError : PluginError;
    throw new Failure(message, { ...(await locate()), ...location, hint, cause });
  }
}
