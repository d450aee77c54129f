import { CompressorError } from '../support/errors.js';
import type { Tokenizer } from './tokenizer.js';

/**
 * Token ids as bytes: every id becomes a code of `bytesPerToken` bytes, most significant first (behaviour §2.5).
 * `simple` writes the id itself; `gray` a code whose neighbours stand for tokens that begin alike.
 */
export interface ByteConverter {
  readonly bytesPerToken: number;
  toBytes(ids: ArrayLike<number>): Uint8Array;
  /** @throws CompressorError if the bytes end within a code, or hold one that no token has */
  toIds(bytes: Uint8Array): Uint32Array;
}

export const CONVERTERS = ['simple', 'gray'] as const;
export type ConverterName = (typeof CONVERTERS)[number];

/** max(1, ⌈log₂(size) / 8⌉): bytes that tell every id from every other. */
export function bytesPerToken(vocabularySize: number): number {
  let bytes = 1;
  while (256 ** bytes < vocabularySize) bytes += 1;
  return bytes;
}

/** What is needed of a tokenizer. */
type Vocabulary = Pick<Tokenizer, 'vocabularySize' | 'tokenBytes'>;

export function byteConverter(name: ConverterName, tokenizer: Vocabulary): ByteConverter {
  const width = bytesPerToken(tokenizer.vocabularySize);
  return name === 'simple'
    ? fixedWidth(width, null, identityUpTo(tokenizer.vocabularySize))
    : fixedWidth(width, ...grayCodes(tokenizer));
}

/** Table of the ids that are their own codes. */
function identityUpTo(size: number): Int32Array {
  return Int32Array.from({ length: size }, (_, id) => id);
}

/**
 * Reflected binary Gray codes (Gray, US patent 2632058) of the tokens' ranks. Tokens are ranked by the bytes they stand
 * for, those that no token uses last, and equal ones by id: the order depends on the vocabulary alone.
 *
 * @returns the code of each id, and the id of each code, −1 where there is none
 */
export function grayCodes(tokenizer: Vocabulary): [codes: Uint32Array, ids: Int32Array] {
  const size = tokenizer.vocabularySize;
  const bytes = Array.from({ length: size }, (_, id) => tokenizer.tokenBytes(id));
  const ranked = Array.from({ length: size }, (_, id) => id).sort((a, b) => {
    const [left, right] = [bytes[a], bytes[b]];
    if (left === undefined || right === undefined)
      return Number(left === undefined) - Number(right === undefined) || a - b;
    return Buffer.compare(left, right) || a - b;
  });
  const codes = new Uint32Array(size);
  const ids = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(size, 2)))).fill(-1);
  for (const [rank, id] of ranked.entries()) {
    const code = rank ^ (rank >>> 1);
    codes[id] = code;
    ids[code] = id;
  }
  return [codes, ids];
}

/**
 * @param codeOf the code of each id; null: the id itself
 * @param idOf the id of each code, −1 where there is none
 */
function fixedWidth(width: number, codeOf: Uint32Array | null, idOf: Int32Array): ByteConverter {
  return {
    bytesPerToken: width,
    toBytes(ids) {
      const bytes = new Uint8Array(ids.length * width);
      for (let index = 0, end = width; index < ids.length; index++, end += width) {
        let code = codeOf === null ? ids[index]! : codeOf[ids[index]!]!;
        for (let at = end - 1; at >= end - width; at--, code >>>= 8) bytes[at] = code;
      }
      return bytes;
    },
    toIds(bytes) {
      if (bytes.length % width !== 0)
        throw new CompressorError(`${bytes.length} bytes end within a token: ${width} make one`);
      const ids = new Uint32Array(bytes.length / width);
      for (let index = 0, at = 0; index < ids.length; index++) {
        let code = 0;
        for (const end = at + width; at < end; at++) code = ((code << 8) | bytes[at]!) >>> 0;
        const id = code < idOf.length ? idOf[code]! : -1;
        if (id === -1) throw new CompressorError(`no token has the code ${code}, which is number ${index}`);
        ids[index] = id;
      }
      return ids;
    },
  };
}
