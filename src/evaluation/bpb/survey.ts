import { ConfigError } from '../../support/errors.js';
import { type CropCut, cropCount } from './crops.js';
import type { BpbOptions } from './options.js';
import type { ShownDocument } from './representation.js';
import { requireContext } from './scorer.js';
import { leadingSymbols, type WindowShape } from './windows.js';

/** What a first pass over the data found; it also meets every record that cannot be used before anything is scored. */
export interface Survey {
  documents: number;
  /** Bytes of text. */
  bytes: number;
  /** Symbols of the stream of all documents. */
  symbols: number;
  /** Crops that the documents make, where they are cut into crops. */
  crops: number;
}

/**
 * @param crops null: documents are not cut into crops
 * @throws what `documents` throws; the reason of `signal` when it is aborted
 */
export async function surveyDocuments(
  documents: AsyncIterable<ShownDocument>,
  {
    signal,
    onProgress,
    crops = null,
  }: { signal?: AbortSignal | undefined; onProgress?(bytes: number): void; crops?: CropCut | null } = {},
): Promise<Survey> {
  const survey: Survey = { documents: 0, bytes: 0, symbols: 0, crops: 0 };
  for await (const document of documents) {
    signal?.throwIfAborted();
    if (survey.symbols === 0) survey.symbols += leadingSymbols(document).length;
    survey.documents++;
    survey.bytes += document.identity.bytes;
    survey.symbols += document.ids.length;
    if (crops !== null) survey.crops += cropCount(document, crops);
    onProgress?.(survey.bytes);
  }
  return survey;
}

/** What a model says about the windows it can read. */
export interface WindowLimits {
  /** Sequence length of its training. */
  trained: number;
  /** Windows are multiples of this. */
  multiple: number;
}

/**
 * The windows that the options ask for: so many symbols, or as many as stand for so many bytes of this data (rounded
 * to what the model can read, at least one multiple), or the training length.
 *
 * @throws ConfigError if the model cannot read such windows, or the stride would skip text
 */
export function chooseWindows(
  { context, contextBytes, stride }: Pick<BpbOptions, 'context' | 'contextBytes' | 'stride'>,
  { trained, multiple }: WindowLimits,
  { bytes, symbols }: Pick<Survey, 'bytes' | 'symbols'>,
): WindowShape {
  const forBytes = (wanted: number) => Math.max(1, Math.round((wanted * symbols) / bytes / multiple)) * multiple;
  const chosen = contextBytes === null ? (context ?? trained) : forBytes(contextBytes);
  requireContext(chosen, multiple);
  if (stride !== null && stride > chosen)
    throw new ConfigError(`a stride of ${stride} symbols would skip text between windows of ${chosen}`, {
      field: 'bpb.stride',
      hint: `Use a --stride of at most ${chosen}.`,
    });
  return { context: chosen, stride: stride ?? chosen };
}
