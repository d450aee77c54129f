import { TokenizerError } from '../../support/errors.js';
import { PieceType } from './model-file.js';
import { ViterbiSegmenter } from './viterbi.js';
import type { PieceVocabulary } from './vocabulary.js';

/** How much worse than the worst piece a character without a piece is. */
const UNKNOWN_PENALTY = 10;
/** The score of a user-defined piece for each byte after its first: better than any log probability. */
const USER_DEFINED_SCORE = 0.1;

/**
 * The segmenter of a model of type `unigram`, with the library's scores: unused pieces are left out, and user-defined
 * ones are always chosen, the longest first.
 *
 * @throws TokenizerError if the model has no piece for text
 */
export function unigramSegmenter(vocabulary: PieceVocabulary, file: string): ViterbiSegmenter {
  let least = Number.POSITIVE_INFINITY;
  for (const { score, type } of vocabulary.pieces) {
    if (type === PieceType.NORMAL) least = Math.min(least, score);
  }
  const pieces = Array.from(vocabulary.textual, ([name, id]) => {
    const { score, type } = vocabulary.pieces[id]!;
    const key = Buffer.from(name);
    const userDefinedScore = Math.fround(USER_DEFINED_SCORE * (key.length - 1));
    return { id, key, type, score: type === PieceType.USER_DEFINED ? userDefinedScore : score };
  }).filter(({ type }) => type !== PieceType.UNUSED);
  if (pieces.length === 0) throw new TokenizerError('the model has no piece for text', { file, field: 'pieces' });
  return new ViterbiSegmenter({
    pieces,
    unknown: { id: vocabulary.unknownId, score: Math.fround(least - UNKNOWN_PENALTY) },
    precision: 'float32',
  });
}
