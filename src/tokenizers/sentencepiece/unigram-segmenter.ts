import { TokenizerError } from '../../support/errors.js';
import { PieceType } from './model-file.js';
import { ViterbiSegmenter } from './viterbi.js';
import type { PieceVocabulary } from './vocabulary.js';

/** How much worse than the worst piece a character without a piece is. */
const UNKNOWN_PENALTY = 10;
/** The smallest positive normal 32-bit float: what the library begins its search for the best score with. */
const SMALLEST_FLOAT = 2 ** -126;

/**
 * The segmenter of a model of type `unigram`, with the library's scores: unused pieces are left out, and a user-defined
 * piece costs next to nothing, so that it is always chosen.
 *
 * @throws TokenizerError if the model has no piece for text, or one that contains NUL
 */
export function unigramSegmenter(vocabulary: PieceVocabulary, file: string): ViterbiSegmenter {
  let least = Number.POSITIVE_INFINITY;
  let greatest = SMALLEST_FLOAT;
  for (const { score, type } of vocabulary.pieces) {
    if (type !== PieceType.NORMAL) continue;
    least = Math.min(least, score);
    greatest = Math.max(greatest, score);
  }
  const pieces = Array.from(vocabulary.textual, ([name, id]) => {
    const { score, type } = vocabulary.pieces[id]!;
    const key = Buffer.from(name);
    // Computed in 32 bits but for the last step, as the library does.
    const userDefinedScore = Math.fround(key.length * greatest) - 0.1;
    return { id, key, type, score: type === PieceType.USER_DEFINED ? userDefinedScore : score };
  }).filter(({ type }) => type !== PieceType.UNUSED);
  if (pieces.length === 0) throw new TokenizerError('the model has no piece for text', { file, field: 'pieces' });
  return new ViterbiSegmenter({
    pieces,
    unknown: { id: vocabulary.unknownId, score: Math.fround(least - UNKNOWN_PENALTY) },
    precision: 'float32',
  });
}
