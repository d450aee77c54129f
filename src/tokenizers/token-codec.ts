import { isUtf8 } from 'node:buffer';
import { CompressorError } from '../support/errors.js';
import { resolveTokenizer } from './artifacts.js';
import { encodeBytes, type Tokenizer, type TokenSegment, tokenSegments } from './index.js';
import type { TokenizerOptions } from './options.js';
import { sharedTokenizer } from './shared-tokenizer.js';

/** A tokenizer as a codec: what `encode` accepts, `decode` gives back byte for byte. */
export interface TokenCodec {
  readonly tokenizer: Tokenizer;
  /** All that determines the codes. */
  readonly fingerprint: string;
  /** @throws CompressorError for a document that decoding would not give back, unless the options say how to write it */
  encode(bytes: Uint8Array): Uint32Array;
  /** @throws CompressorError for ids that no token has */
  decode(ids: Uint32Array): Uint8Array;
  segments(bytes: Uint8Array): TokenSegment[];
}

/** Part of the fingerprint; raised when ids change for the same tokenizer and options. */
const ALGORITHM = 'tokens-2';

/**
 * Documents come from outside, so the names of special tokens within them are text and never become control tokens.
 * Ordinary added tokens are part of the vocabulary that a model learns, and are found.
 *
 * @param compressor whose options these are, for what to do about a document that is refused
 * @throws TokenizerError if the tokenizer cannot be loaded; CompressorError if it has no tokens of single bytes and the
 *   options ask for them
 */
export async function openTokenCodec(
  { tokenizer: name, unrepresentable }: TokenizerOptions,
  compressor: string,
): Promise<TokenCodec> {
  const option = `compressors.${compressor}.unrepresentable`;
  const refusal = (what: string): CompressorError =>
    new CompressorError(what, {
      hint: `Set ${option} to bytes to write such documents byte by byte, or leave them out.`,
    });
  const tokenizer = await sharedTokenizer(resolveTokenizer(name));
  const { byteIds } = tokenizer;
  if (unrepresentable === 'bytes' && byteIds === null)
    throw new CompressorError(`the tokenizer ${name} has no tokens of single bytes`, {
      hint: `Set ${option} to refuse, or use a byte-level tokenizer.`,
    });
  const bytewise = (bytes: Uint8Array) => Uint32Array.from(bytes, (byte) => byteIds![byte]!);
  const encode = (bytes: Uint8Array): Uint32Array => {
    const isText = isUtf8(bytes);
    if (!isText && unrepresentable === 'refuse') throw refusal('the document is not valid UTF-8');
    const ids = encodeBytes(tokenizer, bytes, { matchAddedTokens: 'ordinary' });
    if (tokenizer.lossless || Buffer.compare(tokenizer.decode(ids), bytes) === 0) return ids;
    if (unrepresentable === 'refuse') throw refusal('the tokenizer changes the document: decoding gives other bytes');
    return bytewise(bytes);
  };
  return {
    tokenizer,
    fingerprint: `${ALGORITHM}:${tokenizer.fingerprint}:${unrepresentable}`,
    encode,
    decode(ids) {
      const unknown = ids.findIndex((id) => tokenizer.tokenBytes(id) === undefined);
      if (unknown !== -1) throw new CompressorError(`no token has the id ${ids[unknown]}, which is number ${unknown}`);
      return tokenizer.decode(ids);
    },
    segments: (bytes) => tokenSegments(tokenizer, encode(bytes)),
  };
}
