import { ConfigError } from '../support/errors.js';
import { BYTE_COUNT, RAW_LIMIT, RAW_OFFSET, SPECIAL_COUNT } from './layout.js';
import type { VocabularyOptions } from './options.js';

/** Where everything lies in one run's vocabulary. Plain data: it is written into checkpoints and sent to workers. */
export interface VocabularyLayout {
  /** Rows of the embedding table and of every prediction head: ids are 0 … size − 1. */
  size: number;
  /** Id of compressed symbol 0: 64 where symbols share the embeddings of raw bytes, 320 where they have their own. */
  compressedOffset: number;
  /** Compressed symbols are 0 … alphabetSize − 1; 0 where no compressed text is trained. */
  alphabetSize: number;
  /** Whether every raw byte has a trained id; without, the model can neither read nor score raw text. */
  rawIncluded: boolean;
}

/** Which representations of a text a run trains on. */
export interface TrainedRepresentations {
  raw: boolean;
  compressed: boolean;
}

/**
 * The vocabulary that a run needs (behaviour §2.6): specials, then raw bytes where raw text is trained, then the
 * compressor's symbols where compressed text is, rounded up to `multiple` or padded to `size`.
 *
 * @param alphabetSize symbols of the compressor
 * @throws ConfigError if `vocabulary.size` is less than that
 */
export function vocabularyLayout(
  options: VocabularyOptions,
  alphabetSize: number,
  trained: TrainedRepresentations,
): VocabularyLayout {
  const meaning = {
    compressedOffset: options.separateEmbedding ? RAW_LIMIT : RAW_OFFSET,
    alphabetSize: trained.compressed ? alphabetSize : 0,
    rawIncluded: trained.raw,
  };
  const needed = usedIds(meaning);
  if (options.size !== null && options.size < needed) {
    const parts = [
      `${SPECIAL_COUNT} specials`,
      ...(trained.raw ? [`${BYTE_COUNT} raw bytes`] : []),
      ...(trained.compressed ? [`${alphabetSize} compressed symbols from id ${meaning.compressedOffset}`] : []),
    ];
    throw new ConfigError(`a vocabulary of ${options.size} cannot hold ${parts.join(', ')}`, {
      field: 'vocabulary.size',
      hint: `Set vocabulary.size to ${needed} or more, or leave it out to derive it.`,
    });
  }
  return { size: options.size ?? Math.ceil(needed / options.multiple) * options.multiple, ...meaning };
}

/** Ids that stand for something; those after them only pad the tables. */
export function usedIds({
  compressedOffset,
  alphabetSize,
  rawIncluded,
}: Pick<VocabularyLayout, 'compressedOffset' | 'alphabetSize' | 'rawIncluded'>): number {
  return Math.max(SPECIAL_COUNT, rawIncluded ? RAW_LIMIT : 0, alphabetSize > 0 ? compressedOffset + alphabetSize : 0);
}

/**
 * Checks that a model whose tables have `tableSize` rows can be fed this vocabulary's ids.
 *
 * @throws ConfigError if some ids would have no embedding
 */
export function requireVocabularyFits(layout: VocabularyLayout, tableSize: number): void {
  if (layout.size <= tableSize) return;
  throw new ConfigError(`the vocabulary has ${layout.size} ids, but the model's embedding has ${tableSize} rows`, {
    field: 'vocabulary',
    hint: 'Use the compressor and the vocabulary settings that the model was trained with.',
  });
}

/**
 * Checks that a model of this vocabulary can score or generate raw bytes.
 *
 * @throws ConfigError if it was trained on compressed text alone
 */
export function requireRawBytes(layout: VocabularyLayout): void {
  if (layout.rawIncluded) return;
  throw new ConfigError('this vocabulary has no raw bytes: no raw text was trained on', {
    field: 'data.rate',
    hint: 'Evaluate in the training representation (without --raw-only), or train with a rate below 1.',
  });
}
