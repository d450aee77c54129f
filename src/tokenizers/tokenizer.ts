/**
 * A tokenizer turns text into ids and ids into bytes. Every kind of file that can be loaded (Hugging Face
 * `tokenizer.json`, SentencePiece `.model`, OpenCoder's layout) gives one of these.
 */
export interface Tokenizer {
  /** Ids are 0 … vocabularySize − 1, added tokens included; some of them may be unused. */
  readonly vocabularySize: number;
  /** All that determines ids and bytes: the version of the algorithm and a SHA-256 of the file. */
  readonly fingerprint: string;
  /** Whether `decode(encode(text))` is the text for every text; otherwise compare them where it matters. */
  readonly lossless: boolean;
  /** The ids that stand for each byte alone, 256 of them; null where the vocabulary does not have them all. */
  readonly byteIds: ArrayLike<number> | null;
  /** In order of id. */
  readonly addedTokens: readonly AddedToken[];
  /**
   * Ids as the library that defines the file gives them, without the template's added bos or eos.
   *
   * @throws TokenizerError if the text cannot be represented (no unknown token, no byte fallback)
   */
  encode(text: string, options?: EncodeOptions): Uint32Array;
  /** The bytes that the ids stand for; exact wherever `encode` normalised nothing away. @throws TokenizerError for an id outside the vocabulary */
  decode(ids: ArrayLike<number>): Uint8Array;
  /** The bytes that one id stands for on its own; `undefined` for an id that no token has. */
  tokenBytes(id: number): Uint8Array | undefined;
  /** The token as the file spells it, such as `Ġthe` or `▁the`; `undefined` for an unused id. */
  tokenName(id: number): string | undefined;
  /** The id of a token as the file spells it. */
  tokenId(name: string): number | undefined;
}

export interface EncodeOptions {
  /** Default: all. */
  matchAddedTokens?: AddedTokenMatching;
}

/**
 * Which added tokens become their ids where a text has their names: all, as the libraries do by default; the ordinary
 * ones, such as runs of blanks, but no special one, so that text from outside writes no control token (what
 * `encode_special_tokens` of the Rust library asks for); or none.
 */
export const ADDED_TOKEN_MATCHING = ['all', 'ordinary', 'none'] as const;
export type AddedTokenMatching = (typeof ADDED_TOKEN_MATCHING)[number];

/** A token that the file lists beside its model, matched in the text before anything else. */
export interface AddedToken {
  id: number;
  content: string;
  /** Control tokens, left out of decoded text by other libraries on request. */
  special: boolean;
  /** Match also the white space to the left or right. */
  lstrip: boolean;
  rstrip: boolean;
  /** Match in the normalised text rather than in the original. */
  normalized: boolean;
  /** Match whole words only. */
  singleWord: boolean;
}
