import { TokenizerError } from '../../support/errors.js';
import { type ModelFile, PieceType } from './model-file.js';
import { SPACE_SYMBOL } from './normalizer.js';
import { byteOfName } from './vocabulary.js';

/**
 * From ids back to bytes, by the rules of the library's `Decode` but for one thing: byte pieces give their bytes even
 * where these are not valid UTF-8, while the library puts U+FFFD in their place.
 */
export class PieceDecoder {
  /** By id: the piece with spaces for `▁`. */
  private readonly texts: readonly Uint8Array[];
  /** By id: whether the piece begins with `▁`. */
  private readonly beginsWithSpace: Uint8Array;
  /** What becomes of `▁` at the beginning of the text, where it is the dummy space or a superfluous one. */
  private readonly leading: 'keep' | 'remove first' | 'remove all';

  constructor(
    model: ModelFile,
    private readonly file: string,
  ) {
    this.texts = model.pieces.map(({ name, type }) => {
      if (type === PieceType.BYTE) return Uint8Array.of(byteOfName(name)!);
      if (type === PieceType.CONTROL) return new Uint8Array(0);
      return Buffer.from(type === PieceType.UNKNOWN ? model.unknownSurface : name.replaceAll(SPACE_SYMBOL, ' '));
    });
    this.beginsWithSpace = Uint8Array.from(model.pieces, ({ name, type }) =>
      isText(type) && name.startsWith(SPACE_SYMBOL) ? 1 : 0,
    );
    const { addDummyPrefix, removeExtraWhitespaces } = model.normalization;
    this.leading = removeExtraWhitespaces ? 'remove all' : addDummyPrefix ? 'remove first' : 'keep';
  }

  /** @throws TokenizerError for an id outside the vocabulary */
  decode(ids: ArrayLike<number>): Uint8Array {
    const parts: Uint8Array[] = [];
    let atBeginning = this.leading !== 'keep';
    for (let i = 0; i < ids.length; i++) {
      let text = this.textOf(ids[i]!);
      if (atBeginning && this.beginsWithSpace[ids[i]!] === 1) {
        text = text.subarray(1);
        if (this.leading === 'remove first') atBeginning = false;
      }
      if (text.length > 0) atBeginning = false;
      parts.push(text);
    }
    return Buffer.concat(parts);
  }

  /** The bytes of one id on its own; undefined outside the vocabulary. */
  tokenBytes(id: number): Uint8Array | undefined {
    return this.texts[id]?.slice();
  }

  private textOf(id: number): Uint8Array {
    const text = this.texts[id];
    if (text !== undefined) return text;
    throw new TokenizerError(`${id} is not an id of this tokenizer, which has 0 to ${this.texts.length - 1}`, {
      file: this.file,
      hint: 'Decode with the tokenizer that wrote the ids.',
    });
  }
}

function isText(type: number): boolean {
  return type === PieceType.NORMAL || type === PieceType.USER_DEFINED || type === PieceType.UNUSED;
}
