import { createHash } from 'node:crypto';
import { IdBuffer } from '../id-buffer.js';
import type { Tokenizer } from '../tokenizer.js';
import { BpeSegmenter } from './bpe-segmenter.js';
import { type ModelFile, readModelFile } from './model-file.js';
import { sentencePieceNormalizer } from './normalizer.js';
import { PieceDecoder } from './piece-decoder.js';
import { CharSegmenter, WordSegmenter } from './plain-segmenters.js';
import type { Segmenter } from './segmentation.js';
import { unigramSegmenter } from './unigram-segmenter.js';
import { PieceVocabulary } from './vocabulary.js';

/** Part of the fingerprint; raised when ids or bytes change for the same file. */
const ALGORITHM = 'sentencepiece-1';

const SEGMENTERS: Record<ModelFile['type'], (vocabulary: PieceVocabulary, file: string) => Segmenter> = {
  bpe: (vocabulary) => new BpeSegmenter(vocabulary),
  unigram: unigramSegmenter,
  char: (vocabulary) => new CharSegmenter(vocabulary),
  word: (vocabulary) => new WordSegmenter(vocabulary),
};

/**
 * Loads a SentencePiece `.model`. Ids are those of version 0.2.3 of the SentencePiece library; earlier versions differ in
 * ties (see docs/decisions/0075). User-defined pieces are always matched, the names of control pieces never.
 *
 * @param file the name of the file, for messages
 * @throws TokenizerError if the file is damaged, a Git LFS pointer, or uses what is not supported
 */
export function loadSentencePiece(bytes: Uint8Array, file: string): Tokenizer {
  const model = readModelFile(bytes, file);
  const vocabulary = new PieceVocabulary(model, file);
  const normalize = sentencePieceNormalizer(
    { ...model.normalization, whitespaceAsSuffix: model.whitespaceAsSuffix, userDefined: vocabulary.userDefined },
    file,
  );
  const segmenter = SEGMENTERS[model.type](vocabulary, file);
  const decoder = new PieceDecoder(model, file);
  return {
    vocabularySize: model.pieces.length,
    fingerprint: `${ALGORITHM}:${createHash('sha256').update(bytes).digest('hex')}`,
    // At least U+2581 is lost: a `▁` of the text comes back as a space.
    lossless: false,
    byteIds: vocabulary.byteIds,
    addedTokens: [],
    encode: (text) => encodeParts(normalize(text), segmenter, vocabulary),
    decode: (ids) => decoder.decode(ids),
    tokenBytes: (id) => decoder.tokenBytes(id),
    tokenName: (id) => model.pieces[id]?.name,
    tokenId: (name) => vocabulary.idOfName(name),
  };
}

/** The ids of the parts of a text: an unknown part becomes its bytes, or neighbouring unknown parts one id. */
function encodeParts(text: Uint8Array, segmenter: Segmenter, vocabulary: PieceVocabulary): Uint32Array {
  const { unknownId, byteIds } = vocabulary;
  const ids = new IdBuffer();
  segmenter.segment(text, (id, start, end) => {
    if (id === unknownId) {
      if (byteIds !== null) for (let i = start; i < end; i++) ids.push(byteIds[text[i]!]!);
      else if (ids.last() !== unknownId) ids.push(id);
      return;
    }
    ids.push(id);
  });
  return ids.take();
}
