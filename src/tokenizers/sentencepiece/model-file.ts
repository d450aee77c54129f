import { TokenizerError } from '../../support/errors.js';
import { ProtobufReader } from './protobuf.js';

/** The kinds of pieces, with the numbers of `ModelProto.SentencePiece.Type`. */
export const PieceType = { NORMAL: 1, UNKNOWN: 2, CONTROL: 3, USER_DEFINED: 4, UNUSED: 5, BYTE: 6 } as const;

export interface Piece {
  /** As the file spells it: a space is `▁` (U+2581), a byte piece is `<0x0A>`. */
  name: string;
  /** Log probability for a unigram model, negative order of merging for BPE; a 32-bit float. */
  score: number;
  /** One of `PieceType`. */
  type: number;
}

export type ModelType = 'unigram' | 'bpe' | 'word' | 'char';

/** What a SentencePiece `.model` says that has a bearing on encoding and decoding. */
export interface ModelFile {
  /** In order of id. */
  pieces: Piece[];
  type: ModelType;
  /** Characters without a piece are written as the byte pieces of their UTF-8. */
  byteFallback: boolean;
  /** The dummy space is added at the end of the text rather than at its beginning. */
  whitespaceAsSuffix: boolean;
  /** What the unknown piece decodes to. */
  unknownSurface: string;
  normalization: NormalizationSpec;
}

export interface NormalizationSpec {
  /** Rules of replacement, see `precompiled.ts`; empty for none. */
  charsMap: Uint8Array;
  addDummyPrefix: boolean;
  removeExtraWhitespaces: boolean;
  /** Spaces become `▁`. */
  escapeWhitespaces: boolean;
}

const MODEL_TYPES: Record<number, ModelType> = { 1: 'unigram', 2: 'bpe', 3: 'word', 4: 'char' };

/** The first bytes of the small text file that Git LFS leaves where it has not fetched the real one. */
const LFS_POINTER = 'version https://git-lfs.github.com/spec/';

/**
 * Reads a SentencePiece model: the message `ModelProto` of `sentencepiece_model.proto`. Defaults are that schema's.
 * What only training needs, and the samples for a self-test, are passed over.
 *
 * @throws TokenizerError if the file is a Git LFS pointer, is damaged, or uses what is not supported (a denormalizer)
 */
export function readModelFile(bytes: Uint8Array, file: string): ModelFile {
  refuseLfsPointer(bytes, file);
  const model: ModelFile = {
    pieces: [],
    type: 'unigram',
    byteFallback: false,
    whitespaceAsSuffix: false,
    unknownSurface: ' \u2047 ',
    normalization: {
      charsMap: new Uint8Array(0),
      addDummyPrefix: true,
      removeExtraWhitespaces: true,
      escapeWhitespaces: true,
    },
  };
  const fields = new ProtobufReader(bytes, file);
  while (fields.next()) {
    if (fields.field === 1) model.pieces.push(readPiece(fields.message(), model.pieces.length, file));
    else if (fields.field === 2) readTrainerSpec(fields.message(), model, file);
    else if (fields.field === 3) readNormalizerSpec(fields.message(), model.normalization);
    else if (fields.field === 5) refuseDenormalizer(fields.message(), file);
  }
  if (model.pieces.length === 0) {
    throw new TokenizerError('the file has no pieces, so it is not a SentencePiece model', {
      file,
      hint: 'Name a file that SentencePiece wrote, usually called tokenizer.model or spiece.model.',
    });
  }
  return model;
}

function readPiece(fields: ProtobufReader, id: number, file: string): Piece {
  const piece: Piece = { name: '', score: 0, type: PieceType.NORMAL };
  while (fields.next()) {
    if (fields.field === 1) piece.name = fields.text();
    else if (fields.field === 2) piece.score = fields.float();
    else if (fields.field === 3) piece.type = fields.number();
  }
  const field = `pieces[${id}]`;
  if (piece.name === '') throw new TokenizerError('a piece is empty', { file, field });
  if (Number.isNaN(piece.score)) throw new TokenizerError('the score of a piece is not a number', { file, field });
  if (piece.type < PieceType.NORMAL || piece.type > PieceType.BYTE) {
    throw new TokenizerError(`a piece is of the unknown type ${piece.type}`, { file, field });
  }
  return piece;
}

function readTrainerSpec(fields: ProtobufReader, model: ModelFile, file: string): void {
  while (fields.next()) {
    if (fields.field === 3) {
      const type = fields.number();
      const name = MODEL_TYPES[type];
      if (name === undefined) {
        throw new TokenizerError(`model type ${type} is not supported`, {
          file,
          field: 'trainer_spec.model_type',
          hint: `Supported are ${Object.values(MODEL_TYPES).join(', ')}.`,
        });
      }
      model.type = name;
    } else if (fields.field === 24) model.whitespaceAsSuffix = fields.boolean();
    else if (fields.field === 35) model.byteFallback = fields.boolean();
    else if (fields.field === 44) model.unknownSurface = fields.text();
  }
}

function readNormalizerSpec(fields: ProtobufReader, spec: NormalizationSpec): void {
  while (fields.next()) {
    if (fields.field === 2) spec.charsMap = fields.data();
    else if (fields.field === 3) spec.addDummyPrefix = fields.boolean();
    else if (fields.field === 4) spec.removeExtraWhitespaces = fields.boolean();
    else if (fields.field === 5) spec.escapeWhitespaces = fields.boolean();
  }
}

function refuseDenormalizer(fields: ProtobufReader, file: string): void {
  while (fields.next()) {
    if (fields.field === 2 && fields.data().length > 0) {
      throw new TokenizerError('the model rewrites decoded text by a denormalizer, which is not supported', {
        file,
        field: 'denormalizer_spec.precompiled_charsmap',
        hint: 'Train the model without denormalization rules.',
      });
    }
  }
}

function refuseLfsPointer(bytes: Uint8Array, file: string): void {
  const start = Buffer.from(bytes.subarray(0, LFS_POINTER.length)).toString('latin1');
  if (start !== LFS_POINTER) return;
  throw new TokenizerError('the file is a Git LFS pointer, not the model itself', {
    file,
    hint: 'Run `git lfs pull` in the repository it comes from, or download the file from its page.',
  });
}
