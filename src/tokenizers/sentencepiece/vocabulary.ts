import { TokenizerError } from '../../support/errors.js';
import { type ModelFile, type Piece, PieceType } from './model-file.js';
import { PieceTrie } from './piece-trie.js';

/**
 * The pieces of a model by name. Pieces that text is cut into (normal, user-defined, unused) and reserved ones
 * (unknown, control, byte) are two name spaces: `<s>` written in a text is not the control piece `<s>`.
 */
export class PieceVocabulary {
  readonly pieces: readonly Piece[];
  /** Ids of the pieces that text is cut into. */
  readonly textual = new Map<string, number>();
  /** Ids of the pieces that never match text. */
  readonly reserved = new Map<string, number>();
  /** −1 if there is none, which byte fallback allows. */
  readonly unknownId: number;
  /** The id of each byte's piece; null without byte fallback. */
  readonly byteIds: Int32Array | null;
  /** Matches user-defined pieces, which come before any other cutting; null if there are none. */
  readonly userDefined: PieceTrie | null;

  /** @throws TokenizerError if names are not unique, or the unknown piece or a byte piece is missing */
  constructor(model: ModelFile, file: string) {
    this.pieces = model.pieces;
    const byteIds = new Int32Array(256).fill(-1);
    const userDefined: { key: Uint8Array; value: number }[] = [];
    let unknownId = -1;
    for (const [id, { name, type }] of model.pieces.entries()) {
      // Some converters write NUL as a piece besides its byte piece; the library leaves it out too.
      if (name === '\0' && model.byteFallback) continue;
      const refuse = (what: string) => {
        throw new TokenizerError(what, { file, field: `pieces[${id}]` });
      };
      if (name.includes('\0')) refuse('a piece contains NUL');
      const space = isTextual(type) ? this.textual : this.reserved;
      if (space.has(name)) refuse(`the piece ${JSON.stringify(name)} stands in the file twice`);
      space.set(name, id);
      if (type === PieceType.USER_DEFINED) userDefined.push({ key: Buffer.from(name), value: id });
      if (type === PieceType.UNKNOWN) {
        if (unknownId >= 0) refuse('there is a second unknown piece');
        unknownId = id;
      }
      if (type === PieceType.BYTE) {
        const byte = byteOfName(name);
        if (byte === undefined) refuse(`the name of the byte piece ${JSON.stringify(name)} is not of the form <0x0A>`);
        else if (!model.byteFallback) refuse('there is a byte piece, and byte_fallback is off');
        else byteIds[byte] = id;
      }
    }
    if (unknownId < 0 && !model.byteFallback)
      throw new TokenizerError('the model has no unknown piece', { file, field: 'pieces' });
    const missing = byteIds.indexOf(-1);
    if (model.byteFallback && missing >= 0) {
      throw new TokenizerError(`byte_fallback is on, and the piece of byte ${missing} is missing`, {
        file,
        field: 'pieces',
      });
    }
    this.unknownId = unknownId;
    this.byteIds = model.byteFallback ? byteIds : null;
    this.userDefined = userDefined.length > 0 ? new PieceTrie(userDefined) : null;
  }

  /** The id that a part of the text gets: never a reserved piece nor an unused one, which both leave it unknown. */
  idOfPart(name: string): number {
    const id = this.textual.get(name);
    return id === undefined || this.isUnused(id) ? this.unknownId : id;
  }

  isUnused(id: number): boolean {
    return this.pieces[id]!.type === PieceType.UNUSED;
  }

  idOfName(name: string): number | undefined {
    return this.textual.get(name) ?? this.reserved.get(name);
  }
}

/** The byte that a byte piece stands for, or undefined if the name is not one of a byte piece. */
export function byteOfName(name: string): number | undefined {
  return /^<0x[0-9A-F]{2}>$/.test(name) ? Number.parseInt(name.slice(3, 5), 16) : undefined;
}

function isTextual(type: number): boolean {
  return type === PieceType.NORMAL || type === PieceType.USER_DEFINED || type === PieceType.UNUSED;
}
