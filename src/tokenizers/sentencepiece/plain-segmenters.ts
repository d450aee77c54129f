import { SPACE_SYMBOL } from './normalizer.js';
import type { EmitPart, Segmenter } from './segmentation.js';
import { characterLength } from './utf8.js';
import type { PieceVocabulary } from './vocabulary.js';

/** A model of type `char`: every character is a part, and so is every user-defined piece. */
export class CharSegmenter implements Segmenter {
  constructor(private readonly vocabulary: PieceVocabulary) {}

  segment(text: Uint8Array, emit: EmitPart): void {
    const { userDefined } = this.vocabulary;
    const buffer = Buffer.from(text.buffer, text.byteOffset, text.length);
    for (let at = 0; at < text.length; ) {
      const end = at + (userDefined?.longestMatch(text, at) || characterLength(text[at]!));
      emit(this.vocabulary.idOfPart(buffer.toString('utf8', at, end)), at, end);
      at = end;
    }
  }
}

/** A model of type `word`: every `▁` begins a part. User-defined pieces are not looked for, as in the library. */
export class WordSegmenter implements Segmenter {
  constructor(private readonly vocabulary: PieceVocabulary) {}

  segment(text: Uint8Array, emit: EmitPart): void {
    const buffer = Buffer.from(text.buffer, text.byteOffset, text.length);
    for (let at = 0; at < text.length; ) {
      const next = buffer.indexOf(SPACE_SYMBOL, at + 1);
      const end = next < 0 ? text.length : next;
      emit(this.vocabulary.idOfPart(buffer.toString('utf8', at, end)), at, end);
      at = end;
    }
  }
}
