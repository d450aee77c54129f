import type { WordModel } from '../word-model.js';

/** The model of a `tokenizer.json`. */
export interface TextModel extends WordModel {
  /** The ids of the bytes alone; null if the vocabulary lacks some. */
  readonly byteIds: ArrayLike<number> | null;
  /** Whether the tokens of a word, put together, are always the word, as long as there is one for every byte. */
  readonly lossless: boolean;
}
